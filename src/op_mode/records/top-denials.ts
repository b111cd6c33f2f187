import { fail } from '../../base/errors.ts'
import type { Layout } from '../../base/layout.ts'
import { askTelemetry } from '../../daemon/query-socket.ts'
import type { TelemetryAnswer } from '../../daemon/telemetry/telemetry.ts'
import { WINDOWS, type Window } from '../../daemon/telemetry/timeline.ts'
import type { Shown } from '../format/shown.ts'
import { counted, printTable } from '../format/table.ts'

/** What denials are ranked by, and how telemetry calls it. */
const KINDS = { domains: 'name', clients: 'client' } as const
const TITLES = { domains: 'Domain', clients: 'Client' } as const

export type TopKind = keyof typeof KINDS

const ROWS = 20

/**
 * The names, or clients, with the most denials, and for which reasons. Throws `system.unreachable` where the daemon does
 * not answer, `config.value` for what is no kind or window.
 */
export async function showTopDenials(
  layout: Layout,
  kind: string,
  window: string = '24h',
  top: number = ROWS,
): Promise<Shown<TelemetryAnswer>> {
  if (!Object.hasOwn(KINDS, kind))
    fail('config.value', `Denials can be ranked by domains or clients, not by "${kind}".`)
  if (!WINDOWS.includes(window as Window))
    fail('config.value', `The window must be one of ${WINDOWS.join(', ')}, not "${window}".`)
  const by = KINDS[kind as TopKind]
  const answer = await askTelemetry(layout, { window: window as Window, by, top, order: 'denials' })
  const data = { ...answer, rows: answer.rows.filter(({ denials }) => (denials ?? 0) > 0) }
  const rows = data.rows.map(({ key, denials, denialsByReason }) => [key, String(denials), reasons(denialsByReason)])
  const none = `No denials in the last ${window}.\n`
  const total = `\n${counted(answer.total.denials ?? 0, 'denial')} in the last ${window}.\n`
  return {
    data,
    text: rows.length === 0 ? none : `${printTable([TITLES[kind as TopKind], 'Denials', 'Reasons'], rows)}${total}`,
  }
}

/** The most frequent first. */
const reasons = (byReason: Readonly<Record<string, number>>): string =>
  Object.entries(byReason)
    .sort(([, one], [, other]) => other - one)
    .map(([reason, count]) => `${reason} ${count}`)
    .join(', ')
