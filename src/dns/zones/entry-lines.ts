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
  /** Number of wildcards and length of the longest entry, where they are known without looking. */
  readonly wildcards?: number
  readonly longest?: number
}

export const NO_ENTRIES: EntryLines = { bytes: Buffer.alloc(0), count: 0, wildcards: 0, longest: 0 }

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
 * Collects the entries that a Plan's index hands out as octets. The last check before they reach named's parser: only
 * lower-case letters, digits, `-`, `_` and single dots, labels of 1 to 63 octets. The policy has refused everything else
 * long before, so a violation is a defect of ours: throws `internal.bug`. Throws `policy.name` for RPZ's own triggers.
 */
export function collectLines(forEach: (visit: NameVisitor) => void): EntryLines {
  let bytes = Buffer.allocUnsafe(65_536)
  let used = 0
  let count = 0
  let wildcards = 0
  let longest = 0
  forEach((source, start, end, wildcard) => {
    if (used + (end - start) + 3 > bytes.length) {
      const larger = Buffer.allocUnsafe((bytes.length + (end - start) + 3) * 2)
      bytes.copy(larger, 0, 0, used)
      bytes = larger
    }
    const line = used
    if (wildcard) {
      bytes[used++] = ASTERISK
      bytes[used++] = DOT
      wildcards++
    }
    let label = 0
    let plain = true
    for (let i = start; i < end; i++) {
      const octet = source[i]!
      if (LABEL_OCTETS[octet] === 1) label++
      else {
        if (octet !== DOT || label === 0 || label > 63) plain = false
        label = 0
      }
      bytes[used++] = octet
    }
    if (!plain || label === 0 || label > 63) refuse(source, start, end)
    if (isTrigger(source, end - label)) refuseTrigger(source, start, end)
    if (used - line > longest) longest = used - line
    bytes[used++] = NEWLINE
    count++
  })
  return { bytes: bytes.subarray(0, used), count, wildcards, longest }
}

/** Does the last label, which starts here, begin with `rpz-`? */
const isTrigger = (bytes: Uint8Array, at: number): boolean =>
  bytes[at] === 114 && bytes[at + 1] === 112 && bytes[at + 2] === 122 && bytes[at + 3] === 45

/** `32.1.0.0.10.rpz-client-ip` and its like are no names to RPZ but addresses, of clients even, that it would let through. */
function refuseTrigger(bytes: Uint8Array, start: number, end: number): never {
  const name = Buffer.from(bytes.subarray(start, end)).toString('latin1')
  return fail('policy.name', `The name "${name}" cannot be listed: names that end in rpz-… steer bind9 itself.`)
}

function refuse(bytes: Uint8Array, start: number, end: number): never {
  const entry = JSON.stringify(Buffer.from(bytes.subarray(start, Math.min(end, start + 300))).toString('latin1'))
  return fail('internal.bug', `The compiled policy holds ${entry}, which is no name that a zone may hold.`)
}
