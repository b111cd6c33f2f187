import { performance } from 'node:perf_hooks'
import type { AnyRecord } from '../records/kinds/record-kinds.ts'
import type { CountTable } from './count-table.ts'
import { Entities } from './entities.ts'
import { type Dimension, KNOWN, MEASURES, type Measure, REASON_CODES, REASON_NUMBERS } from './measures.ts'
import { TelemetryStore } from './store.ts'
import { loadSteps, storedForm } from './stored-form.ts'
import { LEVELS, type Step, Timeline, type Window } from './timeline.ts'
import { Turns, type Work } from './turns.ts'

export type By = Exclude<Dimension, 'all'> | 'reason'

export interface TelemetryQuery {
  readonly window: Window
  /** Absent: by nothing, only the total. */
  readonly by?: By
  /** Rows, the busiest first; 10 unless told. */
  readonly top?: number
  /** What the rows are ordered by; denials unless told. */
  readonly order?: Measure
}

/** `null` is what cannot be known; see `KNOWN`. */
export type Values = { readonly [Each in Measure]: number | null }

export interface TelemetryRow extends Values {
  readonly key: string
  readonly denialsByReason: Readonly<Record<string, number>>
}

export interface TelemetryAnswer {
  readonly window: Window
  readonly by?: By
  readonly time: string
  /** The window reaches back at least its length, and at most so many seconds more. */
  readonly stepSeconds: number
  readonly total: TelemetryRow
  readonly rows: readonly TelemetryRow[]
  /** Rows that are not shown. */
  readonly more: number
  /** What earlier runs counted is still being read, so that some of it is missing. */
  readonly isLoading?: true
}

export interface TelemetryPoint {
  readonly time: string
  readonly total: TelemetryRow
}

export const MAX_TOP = 1_000

/** What is to be counted. Absent keys: not known, so counted for the whole only. */
export interface Event {
  readonly client?: string | undefined
  readonly group?: string | undefined
  readonly name?: string | undefined
  readonly label?: string | undefined
}

/**
 * Counts by client, group, name and label over the last minute to the last week, in bounded memory; survives restarts.
 * A week is read, summed and written in slices, so that records do not wait for it.
 */
export class Telemetry {
  private readonly entities = new Entities()
  private readonly store: TelemetryStore
  private readonly timeline: Timeline
  private readonly turns = new Turns()
  private isLoaded = false
  private now: number

  /** `now` by the wall clock, `monotonic` by one that is never set; milliseconds. */
  constructor(path: string, now = Date.now(), monotonic = performance.now()) {
    this.now = now
    this.store = new TelemetryStore(path)
    this.timeline = new Timeline(this.entities, now, monotonic, {
      onStep: (step) => this.keep(step),
      onCrowded: () => void this.turns.take(() => this.timeline.forgetUnused(), true),
    })
    void this.turns.take(this.load())
  }

  /** Sentences; empty when all is well. */
  get troubles(): string[] {
    return this.store.troubles
  }

  /** Entries that found no room and were counted for the whole only, since the start. */
  get refused(): number {
    return this.entities.refused
  }

  /** Takes what the records tell: denials and flows. */
  record(record: AnyRecord): void {
    if (record.schema === 'clawgress.decision/1') this.addDenials(record, record.reason, record.count)
    else if (record.schema === 'clawgress.flow/1') {
      this.add(record, 'flows', 1)
      if (record.up !== undefined) this.add(record, 'bytesUp', record.up.bytes)
      if (record.down !== undefined) this.add(record, 'bytesDown', record.down.bytes)
    } else if (record.schema === 'clawgress.omission/1' && record.event === 'rate') {
      // Whose they were is not known here; the kernel's counters have them by group and reason.
      this.add({}, 'denials', record.count ?? 0)
    }
  }

  add(event: Event, measure: Measure, amount: number): void {
    const table = this.timeline.newest
    for (const [dimension, id] of this.idsOf(event))
      if (KNOWN[dimension].includes(measure)) table.add(id, measure, amount)
  }

  addDenials(event: Event, reason: string, amount: number): void {
    const number = REASON_NUMBERS.get(reason)
    if (number === undefined) return
    for (const [, id] of this.idsOf(event)) this.timeline.newest.addDenials(id, number, amount)
  }

  /** To be called every second or so. */
  tick(now = Date.now(), monotonic = performance.now()): void {
    this.now = now
    // Until the past is there, everything counts for the present step.
    if (this.isLoaded) this.timeline.tick(now, monotonic)
  }

  /** Waits for questions that came before; while the past is being loaded, only for those. */
  query(query: TelemetryQuery): Promise<TelemetryAnswer> {
    return this.ask(this.answer(query))
  }

  /** The whole over time, oldest first; times are beginnings of steps, and the last step is not over. Waits as `query`. */
  series(window: Window): Promise<TelemetryPoint[]> {
    return this.ask(this.points(window))
  }

  /** Resolves when everything that is over is written, and every question answered. */
  settled(): Promise<void> {
    return this.turns.settled()
  }

  /** Keeps what is not over yet, and ends. */
  close(): void {
    this.timeline.flush(this.now)
    this.turns.finishUrgent()
    this.store.close()
  }

  private ask<Result>(work: Work<Result>): Promise<Result> {
    return this.isLoaded ? this.turns.take(work) : this.turns.takeAhead(work)
  }

  private *answer({ window, by, top = 10, order = 'denials' }: TelemetryQuery): Work<TelemetryAnswer> {
    const { isLoaded } = this
    const dimension = by === undefined || by === 'reason' ? 'all' : by
    const sum = yield* this.timeline.sum(window, this.now, this.entities.allOf('all', dimension))
    const limit = dimension === 'all' ? 0 : Math.max(0, Math.min(MAX_TOP, top))
    const { numbers, count } = this.busiest(sum, dimension, order, limit)
    // Reasons are asked for only where they are shown: there may be many more of them than rows.
    const all = this.entities.find('all', '')
    const shown = this.entities.these(new Set([...(all === undefined ? [] : [all]), ...numbers]))
    yield* this.timeline.addReasons(sum, window, this.now, shown)
    const total = this.totalOf(sum)
    const reasons = by === 'reason' ? reasonRows(total) : []
    return {
      window,
      ...(by === undefined ? {} : { by }),
      time: new Date(this.now).toISOString(),
      stepSeconds: LEVELS.find((level) => level.window === window)!.step / 1_000,
      total,
      rows: by === 'reason' ? reasons.slice(0, top) : numbers.map((number) => this.rowOf(sum, number)!),
      more: by === 'reason' ? Math.max(0, reasons.length - top) : by === undefined ? 0 : count - numbers.length,
      ...(isLoaded ? {} : { isLoading: true }),
    }
  }

  private *points(window: Window): Work<TelemetryPoint[]> {
    const points = yield* this.timeline.series(window, this.now, this.entities.allOf('all'))
    return points.map(({ start, counts }) => ({ time: new Date(start).toISOString(), total: this.totalOf(counts) }))
  }

  private *load(): Work<void> {
    yield* this.timeline.restore(loadSteps(this.store, this.entities))
    this.isLoaded = true
  }

  private *idsOf({ client, group, name, label }: Event): Generator<readonly [Dimension, number]> {
    for (const [dimension, key] of [
      ['all', ''],
      ['client', client],
      ['group', group],
      ['name', name],
      ['label', label],
    ] as const) {
      const id = key === undefined ? undefined : this.entities.number(dimension, key)
      if (id !== undefined) yield [dimension, id]
    }
  }

  /** Numbers of a dimension's entries with the most of a measure, those first, and how many entries there are. */
  private busiest(sum: CountTable, dimension: Dimension, order: Measure, limit: number) {
    const found: { number: number; amount: number; key: string }[] = []
    let count = 0
    sum.forEach((number, row) => {
      if (this.entities.dimensionOf(number) !== dimension) return
      count++
      const amount = row(order)
      // Sorting all of a hundred thousand names would hold up everything else, and so would making something of each.
      if (found.length === limit && (limit === 0 || amount < found[limit - 1]!.amount)) return
      const each = { number, amount, key: this.entities.keyOf(number)! }
      if (found.length === limit && !isBusier(each, found[limit - 1]!)) return
      let [from, to] = [0, found.length]
      while (from < to) {
        const middle = (from + to) >> 1
        if (isBusier(each, found[middle]!)) to = middle
        else from = middle + 1
      }
      found.splice(from, 0, each)
      if (found.length > limit) found.pop()
    })
    return { numbers: found.map(({ number }) => number), count }
  }

  private rowOf(sum: CountTable, number: number): TelemetryRow | undefined {
    const dimension = this.entities.dimensionOf(number)
    const found = sum.find(number)
    if (dimension === undefined || found === undefined) return undefined
    const known = KNOWN[dimension]
    const values = Object.fromEntries(
      MEASURES.map((measure) => [measure, known.includes(measure) ? found.row(measure) : null]),
    ) as unknown as Values
    const reasons = found.reasons.map(([reason, count]) => [REASON_CODES[reason]!, count])
    return { key: this.entities.keyOf(number)!, ...values, denialsByReason: Object.fromEntries(reasons) }
  }

  private totalOf(sum: CountTable): TelemetryRow {
    const number = this.entities.find('all', '')
    const found = number === undefined ? undefined : this.rowOf(sum, number)
    return found ?? { key: '', ...NOTHING, denialsByReason: {} }
  }

  private keep(step: Step): void {
    const { step: length, steps } = LEVELS[step.level]!
    // The finest steps are too short-lived to be worth the disk.
    if (step.level === 0) return
    void this.turns.take(this.write(step, step.start - length * (steps + 1)), true)
  }

  private *write({ level, start, counts }: Step, oldest: number): Work<void> {
    const stored = storedForm(counts, this.entities)
    yield
    this.store.put(level, start, stored, oldest)
  }
}

interface Amount {
  readonly amount: number
  readonly key: string
}

const isBusier = (one: Amount, other: Amount): boolean =>
  one.amount > other.amount || (one.amount === other.amount && one.key < other.key)

const values = (value: number | null): Values =>
  Object.fromEntries(MEASURES.map((measure) => [measure, value])) as unknown as Values
const NOTHING = values(0)
const UNKNOWN = values(null)

const reasonRows = ({ denialsByReason }: TelemetryRow): TelemetryRow[] =>
  Object.entries(denialsByReason)
    .map(([key, denials]) => ({ key, ...UNKNOWN, denials, denialsByReason: { [key]: denials } }))
    .sort((one, other) => other.denials - one.denials || (one.key < other.key ? -1 : 1))
