import { type EntryLines, filterLines, forEachLine, linesOf, NEWLINE, NO_ENTRIES } from './entry-lines.ts'
import { NameTable } from './name-table.ts'

/** What has to be added to and taken from one list to get the other. */
export interface LineDifference {
  readonly added: EntryLines
  readonly removed: EntryLines
}

/** Octets compared at a time while both lists go on alike. */
const STEP = 2_048
/** How far to look for the place where both lists go on alike. */
const LOOK_AHEAD = 16

/**
 * Compares two lists as sets. What they have in common at both ends is skipped unread, and the rest is walked side by
 * side: a few changes, wherever they are among a million names, cost one pass at the speed of memory. Only lines that
 * stand elsewhere, or not at all, in the other list are looked up.
 */
export function compareLines(before: EntryLines, after: EntryLines): LineDifference {
  const [head, tail] = commonEnds(before.bytes, after.bytes)
  const [old, fresh] = outOfStep(
    before.bytes.subarray(head, before.bytes.length - tail),
    after.bytes.subarray(head, after.bytes.length - tail),
  )
  // A line that is listed twice may be told as added though it was there: it is allowed by both lists then.
  const table = NameTable.of(old)
  const added = filterLines(fresh, (start, end) => !table.mark(fresh.bytes, start, end))
  const missing = filterLines(old, (start, end) => !table.marked(old.bytes, start, end))
  return { added, removed: withoutListed(missing, after) }
}

/** The lines of either list that have no equal at the same place of the other's order. */
function outOfStep(a: Buffer, b: Buffer): [EntryLines, EntryLines] {
  const left = new LineCollector(a)
  const right = new LineCollector(b)
  while (left.at < a.length && right.at < b.length) {
    const equal = linesInStep(a, left.at, b, right.at)
    if (equal > 0) {
      left.at += equal
      right.at += equal
    } else {
      const [skipLeft, skipRight] = nextInStep(a, left.at, b, right.at)
      left.take(skipLeft)
      right.take(skipRight)
    }
  }
  left.take(Number.POSITIVE_INFINITY)
  right.take(Number.POSITIVE_INFINITY)
  return [left.lines(), right.lines()]
}

/** Octets of the whole lines that are alike from both places on. */
function linesInStep(a: Buffer, atA: number, b: Buffer, atB: number): number {
  const limit = Math.min(a.length - atA, b.length - atB)
  const alike = (from: number, to: number) => a.compare(b, atB + from, atB + to, atA + from, atA + to) === 0
  let length = 0
  while (length + STEP <= limit && alike(length, length + STEP)) length += STEP
  while (length < limit && a[atA + length] === b[atB + length]) length++
  return length === 0 ? 0 : Math.max(0, a.lastIndexOf(NEWLINE, atA + length - 1) + 1 - atA)
}

/** Octets of the line that starts at both places, newline included; 0 where they differ. */
function equalLines(a: Buffer, atA: number, b: Buffer, atB: number): number {
  for (let i = 0; ; i++) {
    const octet = a[atA + i]
    if (octet === undefined || octet !== b[atB + i]) return 0
    if (octet === NEWLINE) return i + 1
  }
}

/** How many lines of either list to leave behind so that both go on alike; one of each where that is not near. */
function nextInStep(a: Buffer, atA: number, b: Buffer, atB: number): [number, number] {
  let nextA = atA
  let nextB = atB
  for (let lines = 1; lines <= LOOK_AHEAD; lines++) {
    nextA = a.indexOf(NEWLINE, nextA) + 1
    nextB = b.indexOf(NEWLINE, nextB) + 1
    if (nextA === 0 || nextB === 0) break
    if (equalLines(a, nextA, b, nextB) > 0) return [lines, lines]
    if (equalLines(a, nextA, b, atB) > 0) return [lines, 0]
    if (equalLines(a, atA, b, nextB) > 0) return [0, lines]
  }
  return [1, 1]
}

/** Walks the lines of a buffer and keeps some. */
class LineCollector {
  at = 0
  private readonly bytes: Buffer
  private readonly kept: Buffer[] = []
  private count = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  /** Keeps the next lines, or what there is. */
  take(lines: number): void {
    const start = this.at
    for (let i = 0; i < lines && this.at < this.bytes.length; i++) {
      this.at = this.bytes.indexOf(NEWLINE, this.at) + 1
      this.count++
    }
    if (this.at > start) this.kept.push(this.bytes.subarray(start, this.at))
  }

  lines(): EntryLines {
    return { bytes: Buffer.concat(this.kept), count: this.count }
  }
}

/** Candidates that do not stand anywhere in the other list: a name that is listed twice and loses one is not removed. */
function withoutListed(candidates: EntryLines, others: EntryLines): EntryLines {
  if (candidates.count === 0) return NO_ENTRIES
  const table = NameTable.of(candidates)
  const filter = new Uint8Array(1 << 16)
  forEachLine(candidates.bytes, (start, end) => {
    filter[traits(candidates.bytes, start, end)] = 1
  })
  const { bytes } = others
  forEachLine(bytes, (start, end) => {
    if (filter[traits(bytes, start, end)] === 1) table.mark(bytes, start, end)
  })
  const seen = new Set<string>()
  forEachLine(candidates.bytes, (start, end) => {
    if (!table.marked(candidates.bytes, start, end)) seen.add(candidates.bytes.toString('latin1', start, end))
  })
  return linesOf(seen)
}

/** 16 bits of a line that tell most lines apart without reading all of it. */
function traits(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start
  const last = end - 1
  const third = bytes[Math.min(start + 3, last)]!
  const fifth = bytes[Math.min(start + 5, last)]!
  const middle = bytes[start + (length >> 1)]!
  const word = (third << 24) ^ (fifth << 16) ^ (middle << 8) ^ bytes[Math.min(start + 7, last)]!
  return (Math.imul(word ^ Math.imul(length, 0x9e3779b1), 0x85ebca6b) >>> 16) & 0xffff
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
