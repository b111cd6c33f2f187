import { MEASURES, type Measure } from './measures.ts'
import { COUNTS, makeColumns, OCTETS, pack, REASON_LIMIT as REASON_SPACE, unpack } from './packed-counts.ts'

const COLUMNS = MEASURES.length
const COLUMN: Readonly<Record<Measure, number>> = Object.fromEntries(
  MEASURES.map((measure, column) => [measure, column]),
) as Record<Measure, number>

/** Counts of one span of time, that change no more. */
export interface FrozenCounts {
  /** Entity of each row, or `NOBODY`. */
  readonly ids: Uint32Array
  /** The rows' columns, see `pack`. */
  readonly packed: Uint8Array
}

/** Stands for an entity that found no room. */
export const NOBODY = 0xffffffff

export type Row = (measure: Measure) => number

/** Counts of one span of time, by entity number. */
export class CountTable {
  private index = new Uint32Array(256)
  private ids: number[] = []
  private values: Float64Array
  private readonly reasons = new Map<number, number>()

  /** `rows`: as many are to be expected. */
  constructor(rows = 64) {
    this.values = new Float64Array(rows * COLUMNS)
  }

  get size(): number {
    return this.ids.length
  }

  add(id: number, measure: Measure, amount: number): void {
    this.values[this.rowOf(id) + COLUMN[measure]]! += amount
  }

  addDenials(id: number, reason: number, amount: number): void {
    this.add(id, 'denials', amount)
    this.addReason(id, reason, amount)
  }

  /** Only the part that a reason has of denials that are counted. */
  addReason(id: number, reason: number, amount: number): void {
    const pair = id * REASON_SPACE + reason
    this.reasons.set(pair, (this.reasons.get(pair) ?? 0) + amount)
  }

  /** Only entities that `wanted` (1 at their number) names, and only their measures; absent: everything. */
  merge({ ids, packed }: FrozenCounts, wanted?: Uint8Array): void {
    const { counts, octets } = unpack(packed, ids.length)
    const rows = ids.length
    for (let row = 0; row < rows; row++) {
      const id = ids[row]!
      if (id === NOBODY || (wanted !== undefined && wanted[id] !== 1)) continue
      const at = this.rowOf(id)
      for (let column = 0; column < COUNTS; column++) this.values[at + column]! += counts[column * rows + row]!
      for (let column = 0; column < OCTETS; column++) this.values[at + COUNTS + column]! += octets[column * rows + row]!
    }
    if (wanted === undefined) this.mergeReasons({ ids, packed })
  }

  /** What reasons have of the denials of entities that `wanted` names; absent: of all. */
  mergeReasons({ ids, packed }: FrozenCounts, wanted?: Uint8Array): void {
    const { reasonRows, reasonNumbers, reasonCounts } = unpack(packed, ids.length)
    reasonRows.forEach((row, at) => {
      const id = ids[row]!
      if (id === NOBODY || (wanted !== undefined && wanted[id] !== 1)) return
      this.addReason(id, reasonNumbers[at]!, reasonCounts[at]!)
    })
  }

  /** As `merge`, for a table that goes on changing. */
  mergeOpen(other: CountTable, wanted?: Uint8Array): void {
    for (const id of other.ids) {
      if (wanted !== undefined && wanted[id] !== 1) continue
      const from = other.rowOf(id)
      const at = this.rowOf(id)
      for (let column = 0; column < COLUMNS; column++) this.values[at + column]! += other.values[from + column]!
    }
    if (wanted === undefined) this.mergeOpenReasons(other)
  }

  /** As `mergeReasons`, for a table that goes on changing. */
  mergeOpenReasons(other: CountTable, wanted?: Uint8Array): void {
    for (const [pair, count] of other.reasons)
      if (wanted === undefined || wanted[Math.floor(pair / REASON_SPACE)] === 1)
        this.reasons.set(pair, (this.reasons.get(pair) ?? 0) + count)
  }

  forEach(visit: (id: number, row: Row) => void): void {
    this.ids.forEach((id, row) => {
      visit(id, (measure) => this.values[row * COLUMNS + COLUMN[measure]]!)
    })
  }

  forEachReason(visit: (id: number, reason: number, count: number) => void): void {
    for (const [pair, count] of this.reasons) visit(Math.floor(pair / REASON_SPACE), pair % REASON_SPACE, count)
  }

  /** A copy of the entries that `keep` lets stay. */
  freeze(keep: (id: number) => boolean = () => true): FrozenCounts {
    const ids = Uint32Array.from(this.ids).filter(keep)
    const kept = ids.length
    const rowOf = new Uint32Array(this.index.length)
    ids.forEach((id, row) => {
      rowOf[id] = row + 1
    })
    let pairs = 0
    for (const pair of this.reasons.keys()) if (rowOf[Math.floor(pair / REASON_SPACE)] !== 0) pairs++
    const columns = makeColumns(kept, pairs)
    ids.forEach((id, row) => {
      const from = (this.index[id]! - 1) * COLUMNS
      for (let column = 0; column < COUNTS; column++)
        columns.counts[column * kept + row] = Math.min(0xffffffff, this.values[from + column]!)
      for (let column = 0; column < OCTETS; column++)
        columns.octets[column * kept + row] = this.values[from + COUNTS + column]!
    })
    let at = 0
    for (const [pair, count] of this.reasons) {
      const row = rowOf[Math.floor(pair / REASON_SPACE)]!
      if (row === 0) continue
      columns.reasonRows[at] = row - 1
      columns.reasonNumbers[at] = pair % REASON_SPACE
      columns.reasonCounts[at++] = Math.min(0xffffffff, count)
    }
    return { ids, packed: pack(columns) }
  }

  /** Forgets everything, and keeps the room for as much again. */
  clear(): void {
    for (const id of this.ids) this.index[id] = 0
    this.values.fill(0, 0, this.ids.length * COLUMNS)
    this.ids = []
    this.reasons.clear()
  }

  /** Where the entity's values begin; made where it has none. */
  private rowOf(id: number): number {
    if (id >= this.index.length)
      this.index = grown(this.index, new Uint32Array(Math.max(id + 1, 2 * this.index.length)))
    const known = this.index[id]!
    if (known !== 0) return (known - 1) * COLUMNS
    const row = this.ids.push(id) - 1
    this.index[id] = row + 1
    if ((row + 1) * COLUMNS > this.values.length)
      this.values = grown(this.values, new Float64Array(2 * this.values.length))
    return row * COLUMNS
  }
}

function grown<Values extends Uint32Array | Float64Array>(old: Values, larger: Values): Values {
  larger.set(old)
  return larger
}
