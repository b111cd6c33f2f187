import type { Layout } from '../../base/layout.ts'
import { liveId } from '../../conf_mode/generation.ts'
import { readHistory } from '../../conf_mode/policy/history.ts'
import type { Shown } from '../format/shown.ts'
import { printTable } from '../format/table.ts'
import { printTime } from '../format/time.ts'

/** Policies that were activated, newest first; the live one is marked. */
export function showVersions(layout: Layout): Shown {
  const entries = readHistory(layout).reverse()
  const live = liveId(layout)
  const liveNumber = entries.find((entry) => entry.generation === live)?.number
  const data = entries.map(({ folder: _folder, ...entry }) => ({ ...entry, live: entry.number === liveNumber }))
  const rows = data.map((entry) => [
    `${entry.number}${entry.live ? ' (live)' : ''}`,
    entry.generation,
    printTime(entry.time),
    entry.user,
    [entry.policyFile, ...(entry.config === true ? ['configuration'] : [])]
      .filter((from) => from !== undefined)
      .join(', '),
    entry.summary,
  ])
  const header = ['Version', 'Generation', 'Time (UTC)', 'User', 'Policy', 'Change']
  return { data, text: rows.length === 0 ? 'No policy was ever activated here.\n' : printTable(header, rows) }
}
