import { MEASURES, type Measure } from './measures.ts'

const COLUMNS = MEASURES.length
const COUNTS = 5
const OCTETS = COLUMNS - COUNTS
const COLUMN: Readonly<Record<Measure, number>> = Object.fromEntries(
  MEASURES.map((measure, column) => [measure, column]),
) as Record<Measure, number>

/** A pair of entity and reason is one number, `entity * REASON_SPACE + reason`. */
export const REASON_SPACE = 64

/** Counts of one span of time, that change no more: 36 octets an entry, 8 a pair of entry and reason. */
export interface FrozenCounts {
  readonly ids: Uint32Array
  /** `COUNTS` an entry. */
  readonly counts: Uint32Array
  /** Octets up and down of each entry. */
  readonly octets: Float64Array
  readonly reasonPairs: Uint32Array
  readonly reasonCounts: Uint32Array
}

export type Row = (measure: Measure) => number

/** Counts of one span of time, by entity number. */
export class CountTable {
  private index = new Uint32Array(256)
  private ids: number[] = []
  private values = new Float64Array(64 * COLUMNS)
  private readonly reasons = new Map<number, number>()

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
  merge(frozen: FrozenCounts, wanted?: Uint8Array): void {
    frozen.ids.forEach((id, row) => {
      if (wanted !== undefined && wanted[id] !== 1) return
      const at = this.rowOf(id)
      for (let column = 0; column < COUNTS; column++) this.values[at + column]! += frozen.counts[row * COUNTS + column]!
      for (let column = 0; column < OCTETS; column++)
        this.values[at + COUNTS + column]! += frozen.octets[row * OCTETS + column]!
    })
    if (wanted === undefined) this.mergeReasons(frozen)
  }

  /** What reasons have of the denials of entities that `wanted` names; absent: of all. */
  mergeReasons(frozen: FrozenCounts, wanted?: Uint8Array): void {
    frozen.reasonPairs.forEach((pair, at) => {
      if (wanted !== undefined && wanted[Math.floor(pair / REASON_SPACE)] !== 1) return
      this.addReason(Math.floor(pair / REASON_SPACE), pair % REASON_SPACE, frozen.reasonCounts[at]!)
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
    const rows: number[] = []
    this.ids.forEach((id, row) => {
      if (keep(id)) rows.push(row)
    })
    const pairs: number[] = []
    const pairCounts: number[] = []
    for (const [pair, count] of this.reasons) {
      if (!keep(Math.floor(pair / REASON_SPACE))) continue
      pairs.push(pair)
      pairCounts.push(count)
    }
    return {
      ...freezeRows(
        rows,
        (row) => this.ids[row]!,
        (row, column) => this.values[row * COLUMNS + column]!,
      ),
      reasonPairs: Uint32Array.from(pairs),
      reasonCounts: Uint32Array.from(pairCounts),
    }
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

/** Columns are numbered in the order of `MEASURES`. */
export function freezeRows(
  rows: readonly number[],
  idOf: (row: number) => number,
  cellOf: (row: number, column: number) => number,
): Pick<FrozenCounts, 'ids' | 'counts' | 'octets'> {
  const ids = new Uint32Array(rows.length)
  const counts = new Uint32Array(rows.length * COUNTS)
  const octets = new Float64Array(rows.length * OCTETS)
  rows.forEach((row, at) => {
    ids[at] = idOf(row)
    for (let column = 0; column < COUNTS; column++)
      counts[at * COUNTS + column] = Math.min(0xffffffff, cellOf(row, column))
    for (let column = 0; column < OCTETS; column++) octets[at * OCTETS + column] = cellOf(row, COUNTS + column)
  })
  return { ids, counts, octets }
}

/** Value of a frozen row; columns are numbered in the order of `MEASURES`. */
export const frozenValue = ({ counts, octets }: FrozenCounts, row: number, column: number): number =>
  column < COUNTS ? counts[row * COUNTS + column]! : octets[row * OCTETS + column - COUNTS]!
