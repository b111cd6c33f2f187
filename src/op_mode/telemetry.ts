import type { Layout } from '../base/layout.ts'
import { askTelemetry } from '../daemon/query-socket.ts'
import type { By, TelemetryAnswer, TelemetryRow } from '../daemon/telemetry/telemetry.ts'
import type { Window } from '../daemon/telemetry/timeline.ts'
import { formatOctets } from './format/octets.ts'
import type { Shown } from './format/shown.ts'
import { printFacts, printTable } from './format/table.ts'

export interface TelemetryOptions {
  readonly window?: Window
  /** Absent: the whole, and the busiest of each kind. */
  readonly by?: By
  readonly top?: number
}

const OVERVIEW: readonly (readonly [By, string])[] = [
  ['reason', 'Reason'],
  ['client', 'Client'],
  ['name', 'Name'],
  ['group', 'Group'],
  ['label', 'Label'],
]
const OVERVIEW_TOP = 5
const LOADING = 'The daemon has just started and still reads what it counted before; ask again in some seconds.\n'

/** What happened in the last minute to the last week. Throws `system.unreachable` where the daemon does not answer. */
export async function showTelemetry(
  layout: Layout,
  { window = '1h', by, top }: TelemetryOptions = {},
): Promise<Shown<TelemetryAnswer[]>> {
  const wanted = OVERVIEW.filter(([each]) => by === undefined || each === by)
  const data: TelemetryAnswer[] = []
  for (const [each] of wanted)
    data.push(await askTelemetry(layout, { window, by: each, top: top ?? (by === undefined ? OVERVIEW_TOP : 20) }))
  const tables = data.map((answer, at) => printRows(answer, wanted[at]![1])).filter((table) => table !== '')
  const notes = data.some(({ isLoading }) => isLoading) ? [LOADING] : []
  return { data, text: [printTotal(data[0]!), ...tables, ...notes].join('\n') }
}

function printTotal({ window, total }: TelemetryAnswer): string {
  const hits = total.queries === null || total.queries === 0 ? '' : share(total.cacheHits ?? 0, total.queries)
  return printFacts([
    ['Window', window],
    ['DNS queries', count(total.queries)],
    ['From the cache', `${count(total.cacheHits)}${hits}`],
    ['Resolved', count(total.resolutions)],
    ['Denials', count(total.denials)],
    ['Flows ended', count(total.flows)],
    ['Sent', octets(total.bytesUp)],
    ['Received', octets(total.bytesDown)],
  ])
}

function printRows({ rows, more, by }: TelemetryAnswer, title: string): string {
  if (rows.length === 0) return ''
  const cells = rows.map((row) =>
    by === 'reason'
      ? [row.key, count(row.denials)]
      : [row.key, count(row.queries ?? row.resolutions), count(row.denials), count(row.flows), ...traffic(row)],
  )
  const asked = by === 'name' || by === 'label' ? 'Resolved' : 'Queries'
  const header = by === 'reason' ? [title, 'Denials'] : [title, asked, 'Denials', 'Flows', 'Sent', 'Received']
  return printTable(header, cells) + (more > 0 ? `${more} more.\n` : '')
}

const traffic = (row: TelemetryRow): string[] => [octets(row.bytesUp), octets(row.bytesDown)]
const count = (value: number | null): string => (value === null ? '-' : String(value))
const octets = (value: number | null): string => (value === null ? '-' : formatOctets(value))
const share = (part: number, whole: number): string => ` (${Math.min(100, Math.round((100 * part) / whole))} %)`
