import { Command } from 'commander'
import { port, wholeNumber } from '../options.ts'
import { type OutputOptions, show } from '../output.ts'

interface TestOptions extends OutputOptions {
  readonly client?: string
  readonly port?: number
  readonly protocol?: string
  readonly address?: string
}

/** Registers the short forms: `clawgress status`, `pins`, `denies`, `versions`, `test domain`, `reset pins`, `restart`. */
export function register(program: Command): void {
  for (const command of [statusCommand(), pinsCommand(), deniesCommand(), versionsCommand()])
    program.addCommand(command)
  program.addCommand(
    new Command('test').description('try a question on the live policy').addCommand(testDomainCommand()),
  )
  program.addCommand(new Command('reset').description('forget what was learnt').addCommand(resetPinsCommand()))
  program.addCommand(restartCommand())
}

export const statusCommand = (): Command =>
  showCommand('status', 'is the policy enforced, by what, for whom, and what is wrong')
    .addHelpText('after', '\nExample:\n  clawgress status --json | jq .troubles')
    .action(async (options: OutputOptions) => {
      const { showStatus } = await import('../../op_mode/status/status.ts')
      show(await showStatus(await layout()), options)
    })

export const pinsCommand = (): Command =>
  showCommand('pins', 'addresses that are reachable now, and the names they are reachable through')
    .argument('[name]', 'only this name')
    .option('--domain <name>', 'only this name')
    .option('--last <number>', 'at most so many names', wholeNumber(1, 100_000), 1000)
    .addHelpText('after', '\nExample:\n  clawgress pins api.openai.com')
    .action(async (name: string | undefined, options: OutputOptions & { domain?: string; last: number }) => {
      const { showPins } = await import('../../op_mode/pins.ts')
      const wanted = options.domain ?? name
      show(
        await showPins(await layout(), { limit: options.last, ...(wanted === undefined ? {} : { name: wanted }) }),
        options,
      )
    })

export const deniesCommand = (): Command =>
  showCommand('denies', 'the newest denials: who, what, why, by which rule, and what to do')
    .option('--client <address>', 'only of this client')
    .option('--last <number>', 'so many decisions', wholeNumber(1, 10_000), 20)
    .option('--top <kind>', 'count them instead: domains or clients, the most denied first')
    .option('--window <window>', 'with --top, how far back: 1m, 5m, 1h, 24h or 7d', '24h')
    .addHelpText(
      'after',
      '\nExample:\n  clawgress denies --client 10.0.0.5 --last 50\n  clawgress denies --top domains',
    )
    .action(async (options: OutputOptions & { client?: string; last: number; top?: string; window: string }) => {
      if (options.top !== undefined) {
        const { showTopDenials } = await import('../../op_mode/records/top-denials.ts')
        show(await showTopDenials(await layout(), options.top, options.window), options)
        return
      }
      const { showDenies } = await import('../../op_mode/records/denies.ts')
      show(await showDenies(await layout(), options), options)
    })

export const versionsCommand = (): Command =>
  showCommand('versions', 'policies that were activated, newest first')
    .option('--compare <version>', 'what differs between that version, by number or generation, and the live one')
    .option('--to <version>', 'with --compare, another one than the live one')
    .addHelpText('after', '\nExample:\n  clawgress versions --compare 3 --to 5')
    .action(async (options: OutputOptions & { compare?: string; to?: string }) => {
      if (options.compare !== undefined) {
        const { showVersionDifference } = await import('../../op_mode/policy/version-difference.ts')
        const unbounded = Number.POSITIVE_INFINITY
        show(showVersionDifference(await layout(), options.compare, options.to, unbounded), options)
        return
      }
      const { showVersions } = await import('../../op_mode/policy/versions.ts')
      show(showVersions(await layout()), options)
    })

export const testDomainCommand = (): Command =>
  showCommand('domain', 'would this be allowed by the live policy, and which line says so')
    .argument('<name>', 'a domain name or an address')
    .option('--client <address>', 'who asks')
    .option('--port <port>', 'destination port', port)
    .option('--protocol <protocol>', 'tcp or udp')
    .option('--address <address>', 'the address that the name resolved to')
    .addHelpText('after', '\nExample:\n  clawgress test domain api.openai.com --client 10.0.0.5 --port 443')
    .action(async (name: string, { json, ...question }: TestOptions) => {
      const { livePlan } = await import('../../op_mode/policy/live-plan.ts')
      const { testDecision } = await import('../../op_mode/policy/test-domain.ts')
      show(testDecision(livePlan(await layout()).plan, { name, ...question }), { json: json === true })
    })

export const resetPinsCommand = (): Command =>
  showCommand('pins', 'close every address that names opened; they open again as clients resolve')
    .addHelpText('after', '\nOpen connections stay. Example:\n  clawgress reset pins')
    .action(async (options: OutputOptions) => {
      const { resetPins } = await import('../../op_mode/pins.ts')
      show(await resetPins(await layout()), options)
    })

export const restartCommand = (): Command =>
  showCommand('restart', 'restart the services; the firewall stays closed to what is not allowed meanwhile')
    .addHelpText('after', '\nExample:\n  clawgress restart')
    .action(async (options: OutputOptions) => {
      const { restartServices } = await import('../../op_mode/restart.ts')
      show(await restartServices(await layout()), options)
    })

const showCommand = (name: string, description: string): Command =>
  new Command(name).description(description).option('--json', 'facts as JSON')

const layout = async () => (await import('../../base/layout.ts')).currentLayout()
