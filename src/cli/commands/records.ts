import { Argument, Command, Option } from 'commander'
import type { By } from '../../daemon/telemetry/telemetry.ts'
import type { Window } from '../../daemon/telemetry/timeline.ts'
import { wholeNumber } from '../options.ts'
import { type OutputOptions, show } from '../output.ts'

interface LogCommandOptions extends OutputOptions {
  readonly client?: string
  readonly last: number
}

type Verdict = 'deny' | 'allow' | undefined

/** Registers the short forms: `clawgress flows`, `telemetry`, `log`, `monitor log`, `metrics`. */
export function register(program: Command): void {
  for (const command of [flowsCommand(), telemetryCommand(), logCommand(), metricsCommand()])
    program.addCommand(command)
  program.addCommand(
    new Command('monitor').description('watch what happens, until Ctrl-C').addCommand(monitorCommand()),
  )
}

export const flowsCommand = (): Command =>
  new Command('flows')
    .description('allowed connections that are open now, those with the most traffic first')
    .option('--client <address>', 'only of this client')
    .option('--last <number>', 'so many connections', wholeNumber(1, 10_000), 50)
    .option('--json', 'facts as JSON')
    .addHelpText('after', '\nExample:\n  clawgress flows --client 10.0.0.5')
    .action(async (options: OutputOptions & { client?: string; last: number }) => {
      const { showFlows } = await import('../../op_mode/records/flows.ts')
      show(await showFlows(await layout(), options), options)
    })

export const telemetryCommand = (): Command =>
  new Command('telemetry')
    .description('queries, denials, connections and octets of the last minute to the last week')
    .addOption(new Option('--window <window>', 'how far back').choices(['1m', '5m', '1h', '24h', '7d']).default('1h'))
    .addOption(new Option('--by <kind>', 'one top list only').choices(['client', 'group', 'name', 'label', 'reason']))
    .option('--top <number>', 'rows of a list', wholeNumber(1, 1_000))
    .option('--json', 'facts as JSON')
    .addHelpText('after', '\nExample:\n  clawgress telemetry --window 24h --by name')
    .action(async (options: OutputOptions & { window: Window; by?: By; top?: number }) => {
      const { showTelemetry } = await import('../../op_mode/telemetry.ts')
      show(await showTelemetry(await layout(), options), options)
    })

export const logCommand = (): Command =>
  new Command('log')
    .description('the newest records: denials, ended connections, commits, alerts')
    .addArgument(verdict())
    .option('--client <address>', 'only of this client')
    .option('--last <number>', 'so many records', wholeNumber(1, 1_000), 50)
    .option('--json', 'records as JSON')
    .addHelpText('after', '\nExample:\n  clawgress log allow --last 20')
    .action(async (wanted: Verdict, options: LogCommandOptions) => {
      const { showLog } = await import('../../op_mode/records/log.ts')
      show(await showLog(await layout(), { ...options, ...(wanted === undefined ? {} : { verdict: wanted }) }), options)
    })

export const monitorCommand = (): Command =>
  new Command('log')
    .description('records as they are made')
    .addArgument(verdict())
    .option('--client <address>', 'only of this client')
    .option('--json', 'a line of JSON for each')
    .addHelpText('after', '\nExample:\n  clawgress monitor log deny')
    .action(async (wanted: Verdict, options: OutputOptions & { client?: string }) => {
      const { monitorLog } = await import('../../op_mode/records/log.ts')
      const stop = new AbortController()
      process.once('SIGINT', () => stop.abort())
      process.once('SIGTERM', () => stop.abort())
      process.stdout.once('error', () => stop.abort())
      const asked = { ...options, ...(wanted === undefined ? {} : { verdict: wanted }) }
      await monitorLog(await layout(), asked, (text) => process.stdout.write(text), stop.signal)
    })

const metricsCommand = (): Command =>
  new Command('metrics')
    .description('counters and gauges in the text format of Prometheus')
    .addHelpText('after', '\nExample:\n  clawgress metrics | promtool check metrics')
    .action(async () => {
      const { askMetrics } = await import('../../daemon/query-socket.ts')
      process.stdout.write(await askMetrics(await layout()))
    })

const verdict = (): Argument => new Argument('[verdict]', 'only these').choices(['deny', 'allow'])

const layout = async () => (await import('../../base/layout.ts')).currentLayout()
