import { hashName } from './hash.ts'
import { DOT, depthBit, ENTRY_BITS, ENTRY_MASK, isWildcard, KINDS, type Kind, MAX_ENTRIES, NameTable } from './table.ts'

/** An entry that stands twice: `entry` repeats `first`. Numbers are those given by `NameTableBuilder.end`. */
export interface Repetition {
  readonly first: number
  readonly entry: number
}

/**
 * Collects names into flat arrays. Octets are written straight into `blob` by the caller between `begin` and `end`,
 * so that a name scanned from a policy file is copied once.
 */
export class NameTableBuilder {
  blob: Buffer
  /** Where the next octet goes. */
  cursor = 0
  count = 0
  private starts: Uint32Array
  private hashes: Uint32Array
  private attributes: Uint32Array
  private positions: Uint32Array

  /** Sizes are guesses; everything grows. */
  constructor(octets = 1024, entries = 64) {
    this.blob = Buffer.allocUnsafe(Math.max(octets, 1024))
    this.starts = new Uint32Array(entries + 1)
    this.hashes = new Uint32Array(entries)
    this.attributes = new Uint32Array(entries)
    this.positions = new Uint32Array(entries)
  }

  /** Makes room for `octets` more and returns where to write them. */
  begin(octets: number): number {
    if (this.cursor + octets + 1 > this.blob.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.blob.length * 2, this.cursor + octets + 1))
      this.blob.copy(larger, 0, 0, this.cursor)
      this.blob = larger
    }
    return this.cursor
  }

  /** Ends the entry whose name was written up to `end`; returns its number. */
  end(end: number, kind: Kind, attribute: number, position: number): number {
    return this.endHashed(end, kind, attribute, position, hashName(this.blob, this.cursor, end))
  }

  /** The same for a caller that knows the hash of the name. */
  endHashed(end: number, kind: Kind, attribute: number, position: number, hash: number): number {
    if (this.count === this.hashes.length) this.growEntries()
    const entry = this.count++
    this.hashes[entry] = hash
    this.attributes[entry] = attribute
    this.positions[entry] = position
    this.blob[end] = kind
    this.cursor = end + 1
    this.starts[this.count] = this.cursor
    return entry
  }

  add(name: string, kind: Kind, attribute: number, position: number): number {
    const start = this.begin(name.length)
    return this.end(start + this.blob.write(name, start, 'latin1'), kind, attribute, position)
  }

  /** Where an entry stands in the blob. */
  entry(entry: number): { blob: Buffer; start: number; end: number; kind: Kind; wildcard: boolean } {
    const end = this.starts[entry + 1]! - 1
    const kind = this.blob[end]! as Kind
    return { blob: this.blob, start: this.starts[entry]!, end, kind, wildcard: isWildcard(kind) }
  }

  attributeOf = (entry: number): number => this.attributes[entry]!
  positionOf = (entry: number): number => this.positions[entry]!

  /**
   * The table, without entries that repeat an earlier one of the same name and kind; each of those is reported.
   * The builder must not be used afterwards.
   */
  finish(repeated: (repetition: Repetition) => void = () => {}): NameTable {
    if (this.count > MAX_ENTRIES) throw new RangeError(`a name table holds at most ${MAX_ENTRIES} entries`)
    const slots = new Uint32Array(slotCount(this.count))
    const summary = { counts: new Array<number>(KINDS).fill(0), wildcardDepths: 0 }
    const dropped = new Set<number>()
    const arrays = {
      blob: this.blob.subarray(0, this.cursor),
      starts: this.starts.subarray(0, this.count + 1),
      attributes: this.attributes.subarray(0, this.count),
      positions: this.positions.subarray(0, this.count),
      slots,
    }
    const table = new NameTable(arrays, summary)
    for (let entry = 0; entry < this.count; entry++) {
      const first = insert(table, entry, this.hashes[entry]!)
      if (first < 0) {
        const kind = table.kind(entry)
        summary.counts[kind]!++
        if (isWildcard(kind)) summary.wildcardDepths |= depthBit(this.labels(entry))
      } else {
        dropped.add(entry)
        repeated({ first, entry })
      }
    }
    if (dropped.size > 0) return this.without(dropped, table)
    return new NameTable(arrays, summary)
  }

  private labels(entry: number): number {
    let labels = 1
    for (let at = this.starts[entry]!; at < this.starts[entry + 1]! - 1; at++) if (this.blob[at] === DOT) labels++
    return labels
  }

  private without(dropped: ReadonlySet<number>, table: NameTable): NameTable {
    const kept = new NameTableBuilder(this.cursor, this.count - dropped.size)
    for (let entry = 0; entry < this.count; entry++) {
      if (dropped.has(entry)) continue
      const from = table.starts[entry]!
      const to = table.starts[entry + 1]! - 1
      const start = kept.begin(to - from)
      table.blob.copy(kept.blob, start, from, to)
      kept.end(start + to - from, table.kind(entry), table.attributes[entry]!, table.positions[entry]!)
    }
    return kept.finish()
  }

  private growEntries(): void {
    const larger = (old: Uint32Array, length: number) => {
      const next = new Uint32Array(length)
      next.set(old)
      return next
    }
    const length = Math.max(64, this.count * 2)
    this.starts = larger(this.starts, length + 1)
    this.hashes = larger(this.hashes, length)
    this.attributes = larger(this.attributes, length)
    this.positions = larger(this.positions, length)
  }
}

/** A power of two that leaves at least a third of the slots empty. */
function slotCount(entries: number): number {
  let slots = 16
  while (slots < entries * 1.5) slots *= 2
  return slots
}

/** Puts the entry into its slot; returns the earlier entry of the same name and kind where there is one, else -1. */
function insert(table: NameTable, entry: number, hash: number): number {
  const { slots, starts, blob } = table
  const last = slots.length - 1
  const print = hash >>> ENTRY_BITS
  const start = starts[entry]!
  const end = starts[entry + 1]! - 1
  let slot = hash & last
  for (; slots[slot] !== 0; slot = (slot + 1) & last) {
    const value = slots[slot]!
    if (value >>> ENTRY_BITS !== print) continue
    const other = (value & ENTRY_MASK) - 1
    if (blob[starts[other + 1]! - 1] === blob[end] && table.nameEquals(other, blob, start, end)) return other
  }
  slots[slot] = ((print << ENTRY_BITS) | (entry + 1)) >>> 0
  return -1
}
