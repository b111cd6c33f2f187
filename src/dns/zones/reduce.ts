import { type EntryLines, filterLines, forEachLine, isWildcard } from './entry-lines.ts'
import { NameTable } from './name-table.ts'

/** Entries of which none lies below another's wildcard, and the wildcards among them. */
export interface ReducedEntries {
  readonly lines: EntryLines
  /** The names whose subdomains are listed: `example.com` for `*.example.com`. */
  readonly wildcards: NameTable
}

/** Table of the names that have a wildcard entry. */
export function wildcardsOf(lines: EntryLines): NameTable {
  const count = lines.wildcards ?? countWildcards(lines)
  const table = new NameTable(lines.bytes, count)
  if (count > 0)
    forEachLine(lines.bytes, (start, end) => {
      if (isWildcard(lines.bytes, start)) table.add(start + 2, end)
    })
  return table
}

function countWildcards({ bytes }: EntryLines): number {
  let count = 0
  for (let i = bytes.indexOf('*.'); i >= 0; i = bytes.indexOf('*.', i + 1)) count++
  return count
}

/**
 * Drops every entry that a listed wildcard above it covers. RPZ looks names up like any DNS zone (RFC 4592): an entry
 * below a wildcard would make the names between them empty non-terminals, and the wildcard would no longer match there.
 */
export function reduceEntries(lines: EntryLines): ReducedEntries {
  const wildcards = wildcardsOf(lines)
  if (wildcards.size === 0) return { lines, wildcards }
  const kept = filterLines(lines, (start, end) => !isCovered(wildcards, lines.bytes, start, end))
  return { lines: kept, wildcards }
}

/** Does a wildcard other than the entry itself cover all the entry matches? */
export function isCovered(wildcards: NameTable, bytes: Uint8Array, start: number, end: number): boolean {
  return wildcards.hasAncestor(bytes, isWildcard(bytes, start) ? start + 2 : start, end)
}
