import { MEASURES, type Measure } from './measures.ts'

const COLUMNS = MEASURES.length
const COUNTS = 5
const OCTETS = COLUMNS - COUNTS
const COLUMN: Readonly<Record<Measure, number>> = Object.fromEntries(
  MEASURES.map((measure, column) => [measure, column]),
) as Record<Measure, number>

/** A pair of entity and reason is one number: there are fewer than 64 reasons. */
const REASON_SPACE = 64

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

  merge(frozen: FrozenCounts): void {
    frozen.ids.forEach((id, row) => {
      const at = this.rowOf(id)
      for (let column = 0; column < COUNTS; column++) this.values[at + column]! += frozen.counts[row * COUNTS + column]!
      for (let column = 0; column < OCTETS; column++)
        this.values[at + COUNTS + column]! += frozen.octets[row * OCTETS + column]!
    })
    frozen.reasonPairs.forEach((pair, at) => {
      this.addReason(Math.floor(pair / REASON_SPACE), pair % REASON_SPACE, frozen.reasonCounts[at]!)
    })
  }

  /** Adds what another table holds, which goes on changing. */
  mergeOpen(other: CountTable): void {
    for (const id of other.ids) {
      const from = other.rowOf(id)
      const at = this.rowOf(id)
      for (let column = 0; column < COLUMNS; column++) this.values[at + column]! += other.values[from + column]!
    }
    for (const [pair, count] of other.reasons) this.reasons.set(pair, (this.reasons.get(pair) ?? 0) + count)
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
    const rows = this.ids.map((id, row) => ({ id, row })).filter(({ id }) => keep(id))
    const pairs = [...this.reasons].filter(([pair]) => keep(Math.floor(pair / REASON_SPACE)))
    const counts = new Uint32Array(rows.length * COUNTS)
    const octets = new Float64Array(rows.length * OCTETS)
    rows.forEach(({ row }, at) => {
      for (let column = 0; column < COUNTS; column++)
        counts[at * COUNTS + column] = Math.min(0xffffffff, this.values[row * COLUMNS + column]!)
      for (let column = 0; column < OCTETS; column++)
        octets[at * OCTETS + column] = this.values[row * COLUMNS + COUNTS + column]!
    })
    return {
      ids: Uint32Array.from(rows, ({ id }) => id),
      counts,
      octets,
      reasonPairs: Uint32Array.from(pairs, ([pair]) => pair),
      reasonCounts: Uint32Array.from(pairs, ([, count]) => count),
    }
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
