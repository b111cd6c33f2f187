import { chmodSync, rmSync } from 'node:fs'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { z } from 'zod'
import { ClawgressError, fail, type Problem } from '../base/errors.ts'
import { type Layout, runtimePaths } from '../base/layout.ts'
import type { AlertReport, DaemonAlerts } from './alerts/daemon-alerts.ts'
import type { TestOutcome } from './alerts/test-alert.ts'
import type { AnyRecord } from './records/kinds/record-kinds.ts'
import { DIMENSIONS, MEASURES } from './telemetry/measures.ts'
import type { Telemetry, TelemetryAnswer } from './telemetry/telemetry.ts'
import { WINDOWS } from './telemetry/timeline.ts'

/** What the daemon is asked by the commands of the same machine, one line of JSON a connection. */
export const daemonQuery = z.discriminatedUnion('command', [
  z.strictObject({
    command: z.literal('telemetry'),
    window: z.enum(WINDOWS),
    by: z.enum([...DIMENSIONS.filter((each) => each !== 'all'), 'reason']).optional(),
    top: z.int().min(0).max(1000).optional(),
    order: z.enum(MEASURES).optional(),
  }),
  z.strictObject({ command: z.literal('metrics') }),
  z.strictObject({ command: z.literal('records') }),
  z.strictObject({ command: z.literal('alerts') }),
  z.strictObject({ command: z.literal('test-alert'), webhook: z.string().max(32).optional() }),
])

export type DaemonQuery = z.infer<typeof daemonQuery>

export interface QuerySources {
  readonly telemetry: Pick<Telemetry, 'query'>
  readonly metricsText: () => Promise<{ readonly text: string }>
  readonly onRecord: (listener: (record: AnyRecord) => void) => () => void
  readonly alerts: Pick<DaemonAlerts, 'report' | 'test'>
}

interface Refusal {
  readonly problems: readonly Problem[]
}

const MAX_CONNECTIONS = 32
const MAX_QUERY = 4096
/** For the question, and for answers that are there already; milliseconds. */
const TIMEOUT = 5_000
/** A question about a week waits for those that came before. */
const TELEMETRY_TIMEOUT = 30_000
/** A test alert is told four times at the most, which may take ten seconds each. */
const LONGEST_TIMEOUT = 60_000
/** Octets that wait for a slow reader of records, who is then cut off. */
const MAX_WAITING = 1 << 20
const MAX_ANSWER = 8 << 20

const socketPath = (layout: Layout) => runtimePaths(layout).daemonQuerySocket

/**
 * Answers on `${run}/daemon/query.sock`: telemetry and metrics with one line of JSON, records with a line for each as
 * they come, until the asker leaves.
 */
export function serveQueries(layout: Layout, sources: QuerySources): Promise<Server> {
  rmSync(socketPath(layout), { force: true })
  const server = createServer((socket) => take(socket, sources))
  server.maxConnections = MAX_CONNECTIONS
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(socketPath(layout), () => {
      chmodSync(socketPath(layout), 0o660)
      resolve(server)
    })
  })
}

function take(socket: Socket, sources: QuerySources): void {
  let text = ''
  socket.setEncoding('utf8')
  socket.on('error', () => socket.destroy())
  socket.setTimeout(TIMEOUT, () => socket.destroy())
  const read = (part: string) => {
    text += part
    const end = text.indexOf('\n')
    if (end < 0 && text.length <= MAX_QUERY) return
    socket.off('data', read)
    socket.resume()
    answer(socket, text.slice(0, Math.max(0, end)), sources).catch(() => socket.destroy())
  }
  socket.on('data', read)
}

async function answer(socket: Socket, line: string, sources: QuerySources): Promise<void> {
  const query = daemonQuery.parse(JSON.parse(line))
  if (query.command === 'records') {
    follow(socket, sources)
    return
  }
  // Whoever asks has waited long enough by then.
  socket.setTimeout(LONGEST_TIMEOUT)
  const found = await find(query, sources).catch(problemsOf)
  socket.end(`${JSON.stringify(found)}\n`)
}

async function find(query: Exclude<DaemonQuery, { command: 'records' }>, sources: QuerySources): Promise<unknown> {
  if (query.command === 'metrics') return sources.metricsText()
  if (query.command === 'alerts') return sources.alerts.report()
  return query.command === 'test-alert' ? sources.alerts.test(query.webhook) : sources.telemetry.query(asked(query))
}

/** What was refused, for whoever asked. Throws everything else. */
function problemsOf(error: unknown): Refusal {
  if (error instanceof ClawgressError) return { problems: error.problems }
  throw error
}

function asked({ window, by, top, order }: Extract<DaemonQuery, { command: 'telemetry' }>) {
  return {
    window,
    ...(by === undefined ? {} : { by }),
    ...(top === undefined ? {} : { top }),
    ...(order === undefined ? {} : { order }),
  }
}

function follow(socket: Socket, { onRecord }: QuerySources): void {
  socket.setTimeout(0)
  const stop = onRecord((record) => {
    if (socket.writableLength > MAX_WAITING) socket.destroy()
    else socket.write(`${JSON.stringify(record)}\n`)
  })
  socket.on('close', stop)
}

/** Throws ClawgressError `system.unreachable` where the daemon does not answer. */
export const askTelemetry = async (
  layout: Layout,
  query: Omit<Extract<DaemonQuery, { command: 'telemetry' }>, 'command'>,
): Promise<TelemetryAnswer> =>
  (await askOnce(layout, { command: 'telemetry', ...query }, TELEMETRY_TIMEOUT)) as TelemetryAnswer

/** What fires and what did. Throws as `askTelemetry`. */
export const askAlerts = async (layout: Layout): Promise<AlertReport> =>
  (await askOnce(layout, { command: 'alerts' })) as AlertReport

/**
 * Has an alert sent that is marked as a test, to all receivers or one webhook alone. Throws `alert.test` with what the
 * daemon has against it, else as `askTelemetry`.
 */
export async function askTestAlert(layout: Layout, webhook?: string): Promise<TestOutcome[]> {
  const query = { command: 'test-alert', ...(webhook === undefined ? {} : { webhook }) } as const
  const answer = (await askOnce(layout, query, LONGEST_TIMEOUT)) as TestOutcome[] | Refusal
  if (Array.isArray(answer)) return answer
  throw new ClawgressError(answer.problems)
}

/** Prometheus' text format. Throws as `askTelemetry`. */
export const askMetrics = async (layout: Layout): Promise<string> =>
  ((await askOnce(layout, { command: 'metrics' })) as { text: string }).text

async function askOnce(layout: Layout, query: DaemonQuery, timeoutMs = TIMEOUT): Promise<unknown> {
  let answered = ''
  const take = (part: string, socket: Socket) => {
    answered += part
    if (answered.length > MAX_ANSWER) socket.destroy()
  }
  await exchange(layout, query, take, { timeoutMs })
  return parseAnswer(answered)
}

/** Hands every record over as it is made, until `signal` or the end of the daemon. Throws as `askTelemetry`. */
export async function followRecords(
  layout: Layout,
  take: (record: AnyRecord) => void,
  signal: AbortSignal,
): Promise<void> {
  let rest = ''
  await exchange(
    layout,
    { command: 'records' },
    (part) => {
      const lines = (rest + part).split('\n')
      rest = lines.pop()!
      for (const line of lines) take(JSON.parse(line) as AnyRecord)
    },
    { signal },
  )
  if (!signal.aborted) unreachable()
}

function exchange(
  layout: Layout,
  query: DaemonQuery,
  onPart: (part: string, socket: Socket) => void,
  { signal, timeoutMs = TIMEOUT }: { readonly signal?: AbortSignal; readonly timeoutMs?: number } = {},
): Promise<void> {
  return new Promise((resolve) => {
    const socket = createConnection(socketPath(layout))
    signal?.addEventListener('abort', () => socket.destroy())
    socket.setEncoding('utf8')
    if (signal === undefined) socket.setTimeout(timeoutMs, () => socket.destroy())
    socket.on('data', (part: string) => onPart(part, socket))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => resolve())
    socket.write(`${JSON.stringify(query)}\n`)
  })
}

function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return unreachable()
  }
}

const unreachable = (): never =>
  fail('system.unreachable', 'The daemon clawgressd does not answer. Check "show clawgress status" and its log.')
