import { type EntryLines, filterLines, forEachLine, linesOf, NEWLINE, NO_ENTRIES } from './entry-lines.ts'
import { NameTable } from './name-table.ts'

/** What has to be added to and taken from one list to get the other. */
export interface LineDifference {
  readonly added: EntryLines
  readonly removed: EntryLines
}

/**
 * Compares two lists as sets. What they have in common at both ends is skipped unread, so that a small edit in a file
 * of a million names costs next to nothing; a list in another order costs one hash table.
 */
export function compareLines(before: EntryLines, after: EntryLines): LineDifference {
  const [head, tail] = commonEnds(before.bytes, after.bytes)
  const old = slice(before.bytes, head, tail)
  const fresh = slice(after.bytes, head, tail)
  const table = NameTable.of(old)
  const added = filterLines(fresh, (start, end) => !table.mark(fresh.bytes, start, end))
  const missing = filterLines(old, (start, end) => !table.marked(old.bytes, start, end))
  return { added, removed: missing.count === 0 ? NO_ENTRIES : withoutListed(missing, after) }
}

/** A name that is listed twice and loses one of the two is not removed. */
function withoutListed(candidates: EntryLines, after: EntryLines): EntryLines {
  const table = NameTable.of(candidates)
  forEachLine(after.bytes, (start, end) => table.mark(after.bytes, start, end))
  const seen = new Set<string>()
  forEachLine(candidates.bytes, (start, end) => {
    if (!table.marked(candidates.bytes, start, end)) seen.add(candidates.bytes.toString('latin1', start, end))
  })
  return linesOf(seen)
}

function slice(bytes: Buffer, head: number, tail: number): EntryLines {
  const middle = bytes.subarray(head, bytes.length - tail)
  let count = 0
  for (let i = middle.indexOf(NEWLINE); i >= 0; i = middle.indexOf(NEWLINE, i + 1)) count++
  return { bytes: middle, count }
}

const BLOCK = 65_536

/** Octets of whole lines that both buffers share at the start and at the end. */
function commonEnds(a: Buffer, b: Buffer): [head: number, tail: number] {
  const limit = Math.min(a.length, b.length)
  let head = 0
  while (head + BLOCK <= limit && a.compare(b, head, head + BLOCK, head, head + BLOCK) === 0) head += BLOCK
  while (head < limit && a[head] === b[head]) head++
  if (head > 0) head = a.lastIndexOf(NEWLINE, head - 1) + 1
  const rest = limit - head
  const same = (tail: number) =>
    a.compare(b, b.length - tail, b.length - tail + BLOCK, a.length - tail, a.length - tail + BLOCK) === 0
  let tail = 0
  while (tail + BLOCK <= rest && same(tail + BLOCK)) tail += BLOCK
  while (tail < rest && a[a.length - tail - 1] === b[b.length - tail - 1]) tail++
  // The common tail starts after a newline of both, or it would cut lines in two.
  while (tail > 0 && !(startsLine(a, a.length - tail, head) && startsLine(b, b.length - tail, head))) tail--
  return [head, tail]
}

const startsLine = (bytes: Buffer, at: number, head: number): boolean => at === head || bytes[at - 1] === NEWLINE
