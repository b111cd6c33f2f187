import { type EntryLines, filterLines, forEachLine, isWildcard, joinLines } from './entry-lines.ts'
import { NameTable } from './name-table.ts'
import { isCovered, type ReducedEntries, reduceEntries, wildcardsOf } from './reduce.ts'

/** Deny lists up to this length go into the revoke zone whole; from longer ones only what an allowance touches. */
const SHORT_DENY_LIST = 10_000

/**
 * Which of the entries that only the base still holds must be denied in front of it. What another entry's wildcard
 * allows anyway needs nothing. Undefined where that cannot be said in a zone: a wildcard with allowed names left below it.
 */
export function revoke(removed: EntryLines, allowed: ReducedEntries): EntryLines | undefined {
  const lost = filterLines(removed, (start, end) => !isCovered(allowed.wildcards, removed.bytes, start, end))
  const wildcards = wildcardsOf(lost)
  if (wildcards.size > 0) {
    const { bytes } = allowed.lines
    forEachLine(bytes, (start, end) =>
      wildcards.markAncestors(bytes, isWildcard(bytes, start) ? start + 2 : start, end),
    )
    let blocked = false
    forEachLine(lost.bytes, (start, end) => {
      if (isWildcard(lost.bytes, start) && wildcards.marked(lost.bytes, start + 2, end)) blocked = true
    })
    if (blocked) return undefined
  }
  return lost
}

/** The denied entries that must stand in the revoke zone, given the lists that allow. */
export function relevantDenies(denied: EntryLines, lists: readonly EntryLines[]): EntryLines {
  const reduced = reduceEntries(denied).lines
  if (reduced.count <= SHORT_DENY_LIST) return reduced
  const wildcards = lists.map(wildcardsOf)
  const named = NameTable.of(reduced)
  for (const { bytes } of lists) forEachLine(bytes, (start, end) => named.mark(bytes, start, end))
  return filterLines(
    reduced,
    (start, end) =>
      isWildcard(reduced.bytes, start) ||
      named.marked(reduced.bytes, start, end) ||
      wildcards.some((table) => table.hasAncestor(reduced.bytes, start, end)),
  )
}

/** Both lists in one that is free of entries below a wildcard. */
export const union = (a: EntryLines, b: EntryLines): EntryLines =>
  a.count === 0 ? reduceEntries(b).lines : b.count === 0 ? a : reduceEntries(joinLines(a, b)).lines
