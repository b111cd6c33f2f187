import { Command } from 'commander'
import { EXIT } from '../failure.ts'
import { type OutputOptions, show } from '../output.ts'

/** Registers `clawgress alerts`. */
export function register(program: Command): void {
  program.addCommand(alertsCommand().addCommand(testAlertCommand('test')))
}

export const alertsCommand = (): Command =>
  new Command('alerts')
    .description('what fires now, what did lately, and whether webhooks take it')
    .option('--json', 'facts as JSON')
    .addHelpText('after', '\nExample:\n  clawgress alerts --json | jq .firing')
    .action(async (options: OutputOptions) => {
      const { currentLayout } = await import('../../base/layout.ts')
      const { showAlerts } = await import('../../op_mode/alert-list.ts')
      show(await showAlerts(currentLayout()), options)
    })

export const testAlertCommand = (name: string): Command =>
  new Command(name)
    .description('send an alert that is marked as a test, and show how syslog and every webhook took it')
    .option('--webhook <name>', 'only this one')
    .option('--json', 'facts as JSON')
    .addHelpText('after', '\nExample:\n  clawgress alerts test --webhook pager')
    .action(async (_: OutputOptions, command: Command) => {
      // `--json` is an option of `alerts` as well, which takes it for its own.
      const options: OutputOptions & { readonly webhook?: string } = command.optsWithGlobals()
      const { currentLayout } = await import('../../base/layout.ts')
      const { sendTestAlert } = await import('../../op_mode/test-alert.ts')
      const shown = await sendTestAlert(currentLayout(), options.webhook)
      show(shown, options)
      if (!shown.data.every(({ isTaken }) => isTaken)) process.exitCode = EXIT.refused
    })
