import { type Layout, runtimePaths } from '../../base/layout.ts'
import { REASONS } from '../../base/reasons.ts'
import type { DecisionRecord } from '../../daemon/records/kinds/record.ts'
import { newestDecisions } from '../../daemon/records/reading/decision-lines.ts'
import type { Shown } from '../format/shown.ts'
import { printTable } from '../format/table.ts'
import { printTime } from '../format/time.ts'
import { clientText } from './client-address.ts'
import { mustBeReadable } from './readable-logs.ts'
import { MAX_READ, searchedBackNote } from './searched-back.ts'

export interface DeniesOptions {
  readonly client?: string
  /** Decisions, the newest. */
  readonly last?: number
}

const DEFAULT_LAST = 20

/** A decision with everything that was counted to it later. */
export type Denial = DecisionRecord & { readonly total: number }

/** The newest denials, newest last, as in a log. Rejects with `config.value` where the client is no address. */
export async function showDenies(
  layout: Layout,
  { client, last = DEFAULT_LAST }: DeniesOptions = {},
  maxBytes = MAX_READ,
): Promise<Shown<Denial[]>> {
  const wanted = client === undefined ? undefined : clientText(client)
  mustBeReadable(layout)
  const repeats = new Map<string, number>()
  const data: Denial[] = []
  const budget = { left: maxBytes }
  let searchedTo = Date.now()
  for await (const record of newestDecisions(runtimePaths(layout).decisions, budget)) {
    searchedTo = Date.parse(record.time)
    if (record.verdict !== 'deny' || (wanted !== undefined && record.client !== wanted)) continue
    if (record.event === 'repeats') repeats.set(record.id, (repeats.get(record.id) ?? 0) + record.count)
    else data.push({ ...record, total: record.count + (repeats.get(record.id) ?? 0) })
    if (data.length >= last) break
  }
  data.reverse()
  const note = data.length < last && budget.left <= 0 ? searchedBackNote(searchedTo) : ''
  const none = note === '' ? 'No denials are recorded.\n' : ''
  return { data, text: `${data.length === 0 ? none : printDenials(data)}${note}` }
}

function printDenials(denials: readonly Denial[]): string {
  const rows = denials.map((denial) => [
    printTime(denial.time),
    denial.client ?? '-',
    targetOf(denial),
    String(denial.total),
    denial.reason,
    denial.rule?.text ?? '-',
    denial.label ?? '-',
  ])
  const reasons = [...new Set(denials.map(({ reason }) => reason))]
  const notes = reasons.map((reason) => `${reason}: ${REASONS[reason].operator} Next step: ${REASONS[reason].agent}\n`)
  return `${printTable(['Time (UTC)', 'Client', 'Target', 'Count', 'Reason', 'Rule', 'Label'], rows)}\n${notes.join('')}`
}

/** `name`, `name > target`, `address:port/protocol`, `name (address) port/protocol`. */
function targetOf({ name, target, address, port, protocol, types }: DecisionRecord): string {
  const service = [port, protocol].filter((part) => part !== undefined).join('/')
  if (address !== undefined) return [name ?? address, ...(name ? [`(${address})`] : []), service].join(' ').trim()
  const asked = types === undefined ? '' : ` ${types.join(',')}`
  return `${name ?? '-'}${target === undefined ? '' : ` > ${target}`}${asked}`
}
