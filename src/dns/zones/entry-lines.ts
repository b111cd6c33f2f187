import { fail } from '../../base/errors.ts'
import type { NameVisitor } from '../../plan/types.ts'

export const NEWLINE = 10
const DOT = 46
const ASTERISK = 42

/**
 * List of names as text: one a line, each line ended by a newline, wildcards as `*.x`. A million names stay one buffer
 * instead of a million strings, and two lists that differ little are compared at the speed of memory.
 */
export interface EntryLines {
  readonly bytes: Buffer
  readonly count: number
}

export const NO_ENTRIES: EntryLines = { bytes: Buffer.alloc(0), count: 0 }

/** Visits each line: `start` inclusive, `end` exclusive and without the newline. */
export function forEachLine(bytes: Uint8Array, visit: (start: number, end: number) => void): void {
  let start = 0
  const length = bytes.length
  for (let i = 0; i < length; i++) {
    if (bytes[i] !== NEWLINE) continue
    visit(start, i)
    start = i + 1
  }
}

/** Is the entry that starts here a wildcard? */
export const isWildcard = (bytes: Uint8Array, start: number): boolean =>
  bytes[start] === ASTERISK && bytes[start + 1] === DOT

/** Puts textual entries into lines. */
export function linesOf(entries: Iterable<string>): EntryLines {
  const chunks: Buffer[] = []
  let pending: string[] = []
  let count = 0
  const flush = () => {
    if (pending.length > 0) chunks.push(Buffer.from(`${pending.join('\n')}\n`, 'latin1'))
    pending = []
  }
  for (const entry of entries) {
    pending.push(entry)
    count++
    if (pending.length === 65_536) flush()
  }
  flush()
  return { bytes: Buffer.concat(chunks), count }
}

/** Collects the entries that a Plan's index hands out as octets. */
export function collectLines(forEach: (visit: NameVisitor) => void): EntryLines {
  let bytes = Buffer.allocUnsafe(65_536)
  let used = 0
  let count = 0
  forEach((source, start, end, wildcard) => {
    if (used + (end - start) + 3 > bytes.length) {
      const larger = Buffer.allocUnsafe((bytes.length + (end - start) + 3) * 2)
      bytes.copy(larger, 0, 0, used)
      bytes = larger
    }
    if (wildcard) {
      bytes[used++] = ASTERISK
      bytes[used++] = DOT
    }
    for (let i = start; i < end; i++) bytes[used++] = source[i]!
    bytes[used++] = NEWLINE
    count++
  })
  return { bytes: bytes.subarray(0, used), count }
}

/** The entries as strings, for short lists. */
export function entriesOf(lines: EntryLines): string[] {
  const text = lines.bytes.toString('latin1')
  return text === '' ? [] : text.slice(0, -1).split('\n')
}

/** Joins two lists. */
export const joinLines = (a: EntryLines, b: EntryLines): EntryLines => ({
  bytes: Buffer.concat([a.bytes, b.bytes]),
  count: a.count + b.count,
})

/** Keeps the lines that `keep` answers true for. */
export function filterLines(lines: EntryLines, keep: (start: number, end: number) => boolean): EntryLines {
  const bytes = Buffer.allocUnsafe(lines.bytes.length)
  let length = 0
  let count = 0
  forEachLine(lines.bytes, (start, end) => {
    if (!keep(start, end)) return
    length += lines.bytes.copy(bytes, length, start, end + 1)
    count++
  })
  return { bytes: bytes.subarray(0, length), count }
}

/** 1 for each octet that may stand in a label of an entry. */
const LABEL_OCTETS = (() => {
  const allowed = new Uint8Array(256)
  for (const octet of Buffer.from('abcdefghijklmnopqrstuvwxyz0123456789-_')) allowed[octet] = 1
  return allowed
})()

/**
 * Last check before names reach named's parser: lower-case letters, digits, `-`, `_` and single dots only, with `*.`
 * in front of wildcards; labels of 1 to 63 octets. The policy has refused everything else long before, so a violation
 * is a defect of ours: throws `internal.bug`.
 */
export function assertPlainNames(lines: EntryLines): void {
  const { bytes } = lines
  let label = 0
  let start = 0
  for (let i = 0; i < bytes.length; i++) {
    const octet = bytes[i]!
    if (LABEL_OCTETS[octet] === 1) {
      if (++label > 63) refuse(bytes, start)
    } else if (octet === ASTERISK && i === start && bytes[i + 1] === DOT) {
      i++
    } else {
      if (label === 0 || (octet !== DOT && octet !== NEWLINE)) refuse(bytes, start)
      label = 0
      if (octet === NEWLINE) start = i + 1
    }
  }
  if (start !== bytes.length) refuse(bytes, start)
}

function refuse(bytes: Buffer, start: number): never {
  const end = bytes.indexOf(NEWLINE, start)
  const entry = JSON.stringify(bytes.toString('latin1', start, Math.min(end < 0 ? bytes.length : end, start + 300)))
  return fail('internal.bug', `The compiled policy holds ${entry}, which is no name that a zone may hold.`)
}
