import { Command } from 'commander'
import { type OutputOptions, show } from '../output.ts'

/** Registers `clawgress alerts`. */
export function register(program: Command): void {
  program.addCommand(alertsCommand())
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
