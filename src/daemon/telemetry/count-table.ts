import { MEASURES, type Measure } from './measures.ts'
import { REASON_LIMIT, RowReader, RowWriter } from './packed-counts.ts'

const COLUMNS = MEASURES.length
const COLUMN: Readonly<Record<Measure, number>> = Object.fromEntries(
  MEASURES.map((measure, column) => [measure, column]),
) as Record<Measure, number>

/** Counts of one span of time, that change no more. */
export interface FrozenCounts {
  /** Entity of each row, or `NOBODY`. */
  readonly ids: Uint32Array
  /** The rows, see `RowReader`. */
  readonly packed: Uint8Array
}

/** Some of the entities. */
export interface Wanted {
  /** 1 at their numbers. */
  readonly mask: Uint8Array
  readonly count: number
}

/** Stands for an entity that found no room. */
export const NOBODY = 0xffffffff

export type Row = (measure: Measure) => number
export type Reasons = readonly (readonly [number: number, count: number])[]

const NO_REASON = 0xff
/** Beside the number of a row's first reason: it has others. */
const OTHERS = 0x80

/** Counts of one span of time, by entity number. */
export class CountTable {
  private index = new Uint32Array(256)
  private ids: Uint32Array
  private used = 0
  private values: Float64Array
  /** Of each row the reason that came first, which most have alone; the others by row and number. */
  private firstReasons: Uint8Array
  private firstCounts: Float64Array
  private readonly otherReasons = new Map<number, number>()

  /** `rows`: as many are to be expected. */
  constructor(rows = 64) {
    const room = Math.max(1, rows)
    this.ids = new Uint32Array(room)
    this.values = new Float64Array(room * COLUMNS)
    this.firstReasons = new Uint8Array(room)
    this.firstCounts = new Float64Array(room)
  }

  get size(): number {
    return this.used
  }

  add(id: number, measure: Measure, amount: number): void {
    this.values[this.rowOf(id) * COLUMNS + COLUMN[measure]]! += amount
  }

  addDenials(id: number, reason: number, amount: number): void {
    const row = this.rowOf(id)
    this.values[row * COLUMNS + COLUMN.denials]! += amount
    this.addReason(row, reason, amount)
  }

  /** Only entities that are wanted, and of them only measures unless told; absent: everything. */
  merge({ ids, packed }: FrozenCounts, wanted?: Wanted, parts: 'all' | 'measures' | 'reasons' = 'all'): void {
    const reader = new RowReader(packed)
    let missing = wanted?.count ?? ids.length
    for (let from = 0; from < ids.length && missing > 0; from++) {
      reader.next()
      const id = ids[from]!
      if (id === NOBODY || (wanted !== undefined && wanted.mask[id] !== 1)) continue
      missing--
      const row = this.rowOf(id)
      if (parts !== 'reasons')
        for (let column = 0; column < COLUMNS; column++) this.values[row * COLUMNS + column]! += reader.values[column]!
      if (parts !== 'measures')
        for (let i = 0; i < reader.reasons; i++) this.addReason(row, reader.reasonNumbers[i]!, reader.reasonCounts[i]!)
    }
  }

  /** As `merge`, for a table that goes on changing. */
  mergeOpen(other: CountTable, wanted: Wanted, parts: 'all' | 'measures' | 'reasons' = 'all'): void {
    for (let from = 0; from < other.used; from++) {
      const id = other.ids[from]!
      if (wanted.mask[id] !== 1) continue
      const row = this.rowOf(id)
      if (parts !== 'reasons')
        for (let column = 0; column < COLUMNS; column++)
          this.values[row * COLUMNS + column]! += other.values[from * COLUMNS + column]!
      if (parts !== 'measures') for (const [reason, count] of other.reasonsOf(from)) this.addReason(row, reason, count)
    }
  }

  forEach(visit: (id: number, row: Row) => void): void {
    let row = 0
    const of: Row = (measure) => this.values[row * COLUMNS + COLUMN[measure]]!
    for (; row < this.used; row++) visit(this.ids[row]!, of)
  }

  /** Of one entity; undefined where it has none. */
  find(id: number): { readonly row: Row; readonly reasons: Reasons } | undefined {
    const known = this.index[id] ?? 0
    if (known === 0) return undefined
    const first = (known - 1) * COLUMNS
    return { row: (measure) => this.values[first + COLUMN[measure]]!, reasons: this.reasonsOf(known - 1) }
  }

  /** A copy of the entries that `keep` lets stay, which is asked in the order of `forEach`. */
  freeze(keep: (id: number, at: number) => boolean = () => true): FrozenCounts {
    const ids = new Uint32Array(this.used)
    const writer = new RowWriter(this.used)
    let kept = 0
    for (let row = 0; row < this.used; row++) {
      const id = this.ids[row]!
      if (!keep(id, row)) continue
      ids[kept++] = id
      writer.add(this.values, row * COLUMNS, this.reasonsOf(row))
    }
    return { ids: ids.slice(0, kept), packed: writer.end() }
  }

  /** Forgets everything, and keeps the room for as much again. */
  clear(): void {
    for (let row = 0; row < this.used; row++) this.index[this.ids[row]!] = 0
    this.used = 0
    this.otherReasons.clear()
  }

  private addReason(row: number, reason: number, amount: number): void {
    if (this.firstReasons[row] === NO_REASON) this.firstReasons[row] = reason
    const first = this.firstReasons[row]!
    if (reason === (first & ~OTHERS)) this.firstCounts[row]! += amount
    else {
      const pair = row * REASON_LIMIT + reason
      this.firstReasons[row] = first | OTHERS
      this.otherReasons.set(pair, (this.otherReasons.get(pair) ?? 0) + amount)
    }
  }

  private reasonsOf(row: number): Reasons {
    const first = this.firstReasons[row]!
    if (first === NO_REASON) return []
    const reasons: [number, number][] = [[first & ~OTHERS, this.firstCounts[row]!]]
    if ((first & OTHERS) !== 0)
      for (let reason = 0; reason < REASON_LIMIT; reason++) {
        const count = this.otherReasons.get(row * REASON_LIMIT + reason)
        if (count !== undefined) reasons.push([reason, count])
      }
    return reasons
  }

  /** The entity's row; made where it has none. */
  private rowOf(id: number): number {
    if (id >= this.index.length)
      this.index = grown(this.index, new Uint32Array(Math.max(id + 1, 2 * this.index.length)))
    const known = this.index[id]!
    if (known !== 0) return known - 1
    const row = this.used++
    if (row >= this.ids.length) {
      const room = 2 * row
      this.ids = grown(this.ids, new Uint32Array(room))
      this.values = grown(this.values, new Float64Array(room * COLUMNS))
      this.firstReasons = grown(this.firstReasons, new Uint8Array(room))
      this.firstCounts = grown(this.firstCounts, new Float64Array(room))
    }
    this.ids[row] = id
    this.index[id] = row + 1
    this.values.fill(0, row * COLUMNS, (row + 1) * COLUMNS)
    this.firstReasons[row] = NO_REASON
    this.firstCounts[row] = 0
    return row
  }
}

function grown<Values extends Uint32Array | Float64Array | Uint8Array>(old: Values, larger: Values): Values {
  larger.set(old)
  return larger
}
