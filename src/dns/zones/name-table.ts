import { forEachLine, NEWLINE } from './entry-lines.ts'

const DOT = 46
const SEED = 0x811c9dc5 | 0

/** Adds one octet to a hash that is built from the end of a name, so that every suffix's hash is met on the way. */
const step = (hash: number, octet: number): number => Math.imul(hash ^ octet, 0x01000193)
const spread = (hash: number): number => hash ^ (hash >>> 15)

/**
 * Hash table of names that lie in one buffer of lines; a key runs from an offset to the end of its line. Answers for a
 * million names in a few dozen milliseconds because it allocates nothing per name.
 */
export class NameTable {
  readonly #bytes: Uint8Array
  readonly #slots: Int32Array
  readonly #hashes: Int32Array
  readonly #marks: Uint8Array
  readonly #mask: number
  size = 0

  /** `bytes`: the lines that hold the keys; `capacity`: the most keys that will be added. */
  constructor(bytes: Uint8Array, capacity: number) {
    const length = 2 ** Math.ceil(Math.log2(Math.max(8, capacity * 2)))
    this.#bytes = bytes
    this.#slots = new Int32Array(length)
    this.#hashes = new Int32Array(length)
    this.#marks = new Uint8Array(length)
    this.#mask = length - 1
  }

  /** Table of all lines. */
  static of(lines: { readonly bytes: Uint8Array; readonly count: number }): NameTable {
    const table = new NameTable(lines.bytes, lines.count)
    forEachLine(lines.bytes, (start, end) => table.add(start, end))
    return table
  }

  add(start: number, end: number): void {
    const hash = hashOf(this.#bytes, start, end)
    let slot = spread(hash) & this.#mask
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & this.#mask)
      if (this.#hashes[slot] === hash && this.#equals(slot, this.#bytes, start, end)) return
    this.#slots[slot] = start + 1
    this.#hashes[slot] = hash
    this.size++
  }

  has(bytes: Uint8Array, start: number, end: number): boolean {
    return this.size > 0 && this.#find(hashOf(bytes, start, end), bytes, start, end) >= 0
  }

  /** Like `has`, and remembers that the key was asked for. */
  mark(bytes: Uint8Array, start: number, end: number): boolean {
    const slot = this.size === 0 ? -1 : this.#find(hashOf(bytes, start, end), bytes, start, end)
    if (slot >= 0) this.#marks[slot] = 1
    return slot >= 0
  }

  /** Was the key, which must be in the table, marked? */
  marked(bytes: Uint8Array, start: number, end: number): boolean {
    const slot = this.#find(hashOf(bytes, start, end), bytes, start, end)
    return slot >= 0 && this.#marks[slot] === 1
  }

  /** Is a proper ancestor of the name (`example.com` of `*.example.com` and of `a.b.example.com`) in the table? */
  hasAncestor(bytes: Uint8Array, start: number, end: number): boolean {
    return this.#ancestorSlot(bytes, start, end) >= 0
  }

  /** Marks every proper ancestor of the name that is in the table. */
  markAncestors(bytes: Uint8Array, start: number, end: number): void {
    if (this.size === 0) return
    let hash = SEED
    for (let i = end - 1; i > start; i--) {
      hash = step(hash, bytes[i]!)
      if (bytes[i - 1] !== DOT) continue
      const slot = this.#find(hash, bytes, i, end)
      if (slot >= 0) this.#marks[slot] = 1
    }
  }

  #ancestorSlot(bytes: Uint8Array, start: number, end: number): number {
    if (this.size === 0) return -1
    let hash = SEED
    for (let i = end - 1; i > start; i--) {
      hash = step(hash, bytes[i]!)
      if (bytes[i - 1] !== DOT) continue
      const slot = this.#find(hash, bytes, i, end)
      if (slot >= 0) return slot
    }
    return -1
  }

  #find(hash: number, bytes: Uint8Array, start: number, end: number): number {
    for (let slot = spread(hash) & this.#mask; this.#slots[slot] !== 0; slot = (slot + 1) & this.#mask)
      if (this.#hashes[slot] === hash && this.#equals(slot, bytes, start, end)) return slot
    return -1
  }

  #equals(slot: number, bytes: Uint8Array, start: number, end: number): boolean {
    const key = this.#slots[slot]! - 1
    const length = end - start
    if (this.#bytes[key + length] !== NEWLINE) return false
    for (let i = 0; i < length; i++) if (this.#bytes[key + i] !== bytes[start + i]) return false
    return true
  }
}

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = SEED
  for (let i = end - 1; i >= start; i--) hash = step(hash, bytes[i]!)
  return hash
}
