import { statSync } from 'node:fs'
import { join } from 'node:path'
import { fail } from '../../base/errors.ts'
import type { Layout } from '../../base/layout.ts'
import { liveId } from '../../conf_mode/generation.ts'
import { differenceOf } from '../../conf_mode/policy/difference.ts'
import { type HistoryEntry, readHistory } from '../../conf_mode/policy/history.ts'
import { policyOfSources } from '../../conf_mode/policy/stored-policy.ts'
import type { Shown } from '../format/shown.ts'

/** Larger policies take so long to read that whoever answers others meanwhile should not. Octets. */
const MAX_BYTES = 8 << 20

/**
 * What differs in meaning between two versions of the history, each by number or generation; without them between the
 * one before the live one and the live one. Policies above `maxBytes` are refused. Throws `policy.file` where there is no such version.
 */
export function showVersionDifference(layout: Layout, from?: string, to?: string, maxBytes = MAX_BYTES): Shown {
  const history = readHistory(layout)
  const live = liveId(layout)
  const newer = to === undefined ? history.findLast(({ generation }) => generation === live) : find(history, to)
  const older =
    from === undefined ? history.findLast(({ number }) => number < (newer?.number ?? 0)) : find(history, from)
  if (newer === undefined) return fail('policy.file', 'No version is live; name two of the history.')
  const policyOf = (entry: HistoryEntry) => {
    if (sizeOf(entry) > maxBytes)
      fail('policy.limit', `Version ${entry.number} is too large to be compared here; compare the files themselves.`)
    return policyOfSources(entry.folder) ?? fail('policy.file', `Version ${entry.number} cannot be read any more.`)
  }
  const difference = differenceOf(older === undefined ? undefined : policyOf(older), policyOf(newer))
  const about = ({ number, generation, time, user }: HistoryEntry) => ({ number, generation, time, user })
  const data = { from: older === undefined ? null : about(older), to: about(newer), ...difference }
  return { data, text: difference.text }
}

const find = (history: readonly HistoryEntry[], wanted: string): HistoryEntry =>
  history.findLast(({ number, generation }) => String(number) === wanted || generation === wanted) ??
  fail('policy.version', `There is no version ${wanted} in the history.`)

const sizeOf = ({ folder }: HistoryEntry): number =>
  statSync(join(folder, 'policy.json'), { throwIfNoEntry: false })?.size ?? 0
