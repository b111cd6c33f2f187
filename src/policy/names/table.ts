import { finishHash, HASH_START, hashOctet } from './hash.ts'

/** What an entry of a name table says about its name. Stored as the octet that ends the name in the blob. */
export const KIND = { allow: 0, allowBelow: 1, deny: 2, denyBelow: 3, label: 4, labelBelow: 5 } as const
export type Kind = (typeof KIND)[keyof typeof KIND]
export const KINDS = 6

/** Kinds ending in `Below` stand for `*.name`: every name below, at any depth, not the name itself. */
export const isWildcard = (kind: number): boolean => (kind & 1) === 1

/** A slot holds the entry's number plus one in its low bits, and high bits of the hash above. */
export const ENTRY_BITS = 22
export const ENTRY_MASK = 2 ** ENTRY_BITS - 1

/** Entries that one table can hold. */
export const MAX_ENTRIES = ENTRY_MASK - 1

export const DOT = 0x2e

/** The arrays of a table; views into one buffer when loaded from a file. */
export interface NameTableArrays {
  /** Per entry: the name in lower case without trailing dot and without `*.`, then one octet, its kind. */
  readonly blob: Buffer
  /** `count + 1` offsets into the blob. */
  readonly starts: Uint32Array
  /** Per entry: index into the attributes kept beside the table. */
  readonly attributes: Uint32Array
  /** Per entry: index in the policy's list (or map of labels) that it came from. */
  readonly positions: Uint32Array
  /** Open addressing, linear probing; a power of two, never full. */
  readonly slots: Uint32Array
}

/** What is known of all entries together. */
export interface NameTableSummary {
  /** Number of entries of each kind. */
  readonly counts: readonly number[]
  /** For each number of labels that a wildcard's suffix has, the bit of `depthBit`. */
  readonly wildcardDepths: number
}

/** The bit that stands for names of so many labels; the last one for all longer ones. */
export const depthBit = (labels: number): number => 1 << Math.min(labels, 31)

/**
 * A list of names and wildcards as a flat hash table: no object per name, so that a million names cost about 40 MB
 * and can be read from a file in one go. Immutable.
 */
export class NameTable implements NameTableArrays, NameTableSummary {
  readonly blob: Buffer
  readonly starts: Uint32Array
  readonly attributes: Uint32Array
  readonly positions: Uint32Array
  readonly slots: Uint32Array
  readonly counts: readonly number[]
  readonly wildcardDepths: number

  constructor(arrays: NameTableArrays, summary: NameTableSummary) {
    this.blob = arrays.blob
    this.starts = arrays.starts
    this.attributes = arrays.attributes
    this.positions = arrays.positions
    this.slots = arrays.slots
    this.counts = summary.counts
    this.wildcardDepths = summary.wildcardDepths
  }

  get size(): number {
    return this.starts.length - 1
  }

  kind(entry: number): Kind {
    return this.blob[this.starts[entry + 1]! - 1]! as Kind
  }

  /** The name of an entry, without `*.`. */
  name(entry: number): string {
    return this.blob.toString('latin1', this.starts[entry]!, this.starts[entry + 1]! - 1)
  }

  /** The entry as a policy writes it: `*.example.com`. */
  text(entry: number): string {
    return isWildcard(this.kind(entry)) ? `*.${this.name(entry)}` : this.name(entry)
  }

  /**
   * Finds every entry whose name is `bytes[start, end)`, writes its number to `found[kind]` and returns the set of
   * kinds found as bits (`1 << kind`). `hash` is the finished hash of those octets.
   */
  find(bytes: Uint8Array, start: number, end: number, hash: number, found: Int32Array): number {
    const { slots } = this
    const last = slots.length - 1
    const print = hash >>> ENTRY_BITS
    let kinds = 0
    for (let slot = hash & last; ; slot = (slot + 1) & last) {
      const value = slots[slot]!
      if (value === 0) return kinds
      if (value >>> ENTRY_BITS !== print) continue
      const entry = (value & ENTRY_MASK) - 1
      if (!this.nameEquals(entry, bytes, start, end)) continue
      const kind = this.kind(entry)
      kinds |= 1 << kind
      found[kind] = entry
    }
  }

  nameEquals(entry: number, bytes: Uint8Array, start: number, end: number): boolean {
    const { blob } = this
    const from = this.starts[entry]!
    if (this.starts[entry + 1]! - 1 - from !== end - start) return false
    for (let i = start, j = from; i < end; i++, j++) if (bytes[i] !== blob[j]) return false
    return true
  }

  /** Is there an entry of this kind with exactly this name? */
  has(bytes: Uint8Array, start: number, end: number, kind: Kind): boolean {
    let hash = HASH_START
    for (let i = end - 1; i >= start; i--) hash = hashOctet(hash, bytes[i]!)
    return (this.find(bytes, start, end, finishHash(hash), scratchFound) & (1 << kind)) !== 0
  }
}

const scratchFound = new Int32Array(KINDS)
