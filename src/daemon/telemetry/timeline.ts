import { CountTable, type FrozenCounts, type Wanted } from './count-table.ts'
import type { Entities } from './entities.ts'
import type { Work } from './turns.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** Windows that can be asked for. A window is made of whole steps: it reaches back at least its length, and at most one step more. */
export const WINDOWS = ['1m', '5m', '1h', '24h', '7d'] as const
export type Window = (typeof WINDOWS)[number]

interface Level {
  readonly window: Window
  /** Length of a step, milliseconds. */
  readonly step: number
  /** Steps of the window. */
  readonly steps: number
  /** Names that a step keeps by themselves, those with the most events. */
  readonly names: number
}

/** From fine to coarse; each step is a multiple of the one before. */
export const LEVELS: readonly Level[] = [
  { window: '1m', step: 10 * SECOND, steps: 6, names: 10_000 },
  { window: '5m', step: MINUTE, steps: 5, names: 10_000 },
  { window: '1h', step: 5 * MINUTE, steps: 12, names: 10_000 },
  { window: '24h', step: HOUR, steps: 24, names: 10_000 },
  { window: '7d', step: 6 * HOUR, steps: 28, names: 10_000 },
]

/** A span of time that is over. */
export interface Step {
  readonly level: number
  /** Milliseconds since the epoch. */
  start: number
  readonly counts: FrozenCounts
}

/** In place of a name's events; less than any. */
const NO_NAME = -1

/** A wall clock that is off by more than this has been set. */
const CLOCK_JUMP = 30 * SECOND

/**
 * Counts over time, the finer the newer. Events go to the finest step; when a step is over it is kept, and the steps of
 * the next level are made of those. When the clock is set, everything keeps its age.
 */
export class Timeline {
  private readonly entities: Entities
  private readonly onStep: (step: Step) => void
  private readonly onCrowded: () => void
  private readonly kept: Step[][] = LEVELS.map(() => [])
  /** What the finest step has so far; those of other levels are made when they are over, of the finer ones since they began. */
  private readonly open = new CountTable()
  /** When the step of each level began that is not over. */
  private readonly began: number[]
  private wall: number
  private monotonic: number

  /** `onStep` hears of every step that is over, `onCrowded` when it is time for `forgetUnused`. */
  constructor(
    entities: Entities,
    now: number,
    monotonic: number,
    { onStep, onCrowded }: { readonly onStep: (step: Step) => void; readonly onCrowded: () => void },
  ) {
    this.entities = entities
    this.onStep = onStep
    this.onCrowded = onCrowded
    this.wall = now
    this.monotonic = monotonic
    this.began = LEVELS.map(() => now)
  }

  /** Where events are counted. */
  get newest(): CountTable {
    return this.open
  }

  /**
   * Takes steps that were kept by an earlier run, oldest first; none from the future. Steps that nobody closed, because
   * no daemon ran when they were over, are made of the finer ones. Time must stand still until that is done.
   */
  *restore(steps: Iterable<Step>): Work<void> {
    for (const step of steps) {
      if (step.start <= this.wall) this.kept[step.level]!.push(step)
      yield
    }
    for (const number of LEVELS.keys()) yield* this.restoreCoarser(number)
    for (const number of LEVELS.keys()) this.dropOver(number, this.wall)
  }

  private *restoreCoarser(number: number): Work<void> {
    const coarser = LEVELS[number + 1]
    if (coarser === undefined) return
    const slotOf = (step: Step) => stepStart(step.start, coarser.step)
    const closed = new Set(this.kept[number + 1]!.map(slotOf))
    const missing = new Map<number, CountTable>()
    for (const step of this.kept[number]!) {
      const slot = slotOf(step)
      if (closed.has(slot)) continue
      if (slot === stepStart(this.wall, coarser.step)) {
        this.began[number + 1] = Math.min(this.began[number + 1]!, step.start)
        continue
      }
      const table = missing.get(slot) ?? new CountTable()
      table.merge(step.counts)
      missing.set(slot, table)
      yield
    }
    for (const [start, table] of missing) {
      const step = { level: number + 1, start, counts: table.freeze() }
      this.kept[step.level]!.push(step)
      this.onStep(step)
      yield
    }
    // Its first part may be known from still finer steps.
    this.began[number + 1] = Math.min(this.began[number + 1]!, this.began[number]!)
    this.kept[number + 1]!.sort((one, other) => one.start - other.start)
  }

  /** Closes the steps that are over. `now` by the wall clock, `monotonic` by one that is never set; milliseconds. */
  tick(now: number, monotonic: number): void {
    const jump = now - this.wall - (monotonic - this.monotonic)
    if (Math.abs(jump) > CLOCK_JUMP) this.shift(jump)
    this.wall = now
    this.monotonic = monotonic
    for (const [number, level] of LEVELS.entries()) {
      if (stepStart(this.began[number]!, level.step) === stepStart(now, level.step)) return
      this.close(number, now)
    }
  }

  /** Closes what is open as if it were over, for the store: the steps that a minute is made of, and the minute. */
  flush(now: number): void {
    this.close(0, now)
    this.close(1, now)
  }

  /** Frees the numbers of entries that no step has; not while a sum is being made, which would mix them up. */
  forgetUnused(): void {
    const used = new Uint8Array(this.entities.size)
    for (const { counts } of this.kept.flat()) for (const id of counts.ids) used[id] = 1
    this.open.forEach((id) => {
      used[id] = 1
    })
    this.entities.keep(used)
  }

  /** The sum of a window, of the entities that are wanted, without reasons. */
  *sum(window: Window, now: number, wanted: Wanted): Work<CountTable> {
    const sum = new CountTable(wanted.count)
    yield* this.add(sum, window, now, wanted, 'measures')
    return sum
  }

  /** Adds the reasons of the entities that are wanted to a sum; of a moment later, if that was made in slices. */
  addReasons(sum: CountTable, window: Window, now: number, wanted: Wanted): Work<void> {
    return this.add(sum, window, now, wanted, 'reasons')
  }

  private *add(
    sum: CountTable,
    window: Window,
    now: number,
    wanted: Wanted,
    parts: 'measures' | 'reasons',
  ): Work<void> {
    const { past, present } = this.partsOf(window, now)
    // First: what is open may be over at the next.
    sum.mergeOpen(this.open, wanted, parts)
    for (const { counts } of [...present, ...past]) {
      sum.merge(counts, wanted, parts)
      yield
    }
  }

  /** The window's steps, oldest first; the last one is not over. */
  *series(
    window: Window,
    now: number,
    wanted: Wanted,
  ): Work<{ readonly start: number; readonly counts: CountTable }[]> {
    const { past, present, start } = this.partsOf(window, now)
    const last = new CountTable()
    last.mergeOpen(this.open, wanted)
    for (const { counts } of present) last.merge(counts, wanted)
    const points: { readonly start: number; readonly counts: CountTable }[] = []
    for (const step of past) {
      const table = new CountTable()
      table.merge(step.counts, wanted)
      points.push({ start: step.start, counts: table })
      yield
    }
    return [...points, { start, counts: last }]
  }

  /** Steps that are over, and the finer ones of the step that is not. */
  private partsOf(window: Window, now: number): { past: Step[]; present: Step[]; start: number } {
    const number = LEVELS.findIndex((level) => level.window === window)
    return {
      past: this.kept[number]!.filter((step) => !isOver(step, now)),
      present: LEVELS.slice(0, number).flatMap((_, finer) => this.since(finer, this.began[finer + 1]!)),
      start: this.began[number]!,
    }
  }

  private since(number: number, start: number): Step[] {
    return this.kept[number]!.filter((step) => step.start >= start)
  }

  private close(number: number, now: number): void {
    const start = this.began[number]!
    const table = number === 0 ? this.open : this.made(number, start)
    this.began[number] = now
    this.dropOver(number, now)
    if (table.size === 0) return
    const counts = table.freeze(this.busiestNames(table, LEVELS[number]!.names))
    table.clear()
    const step: Step = { level: number, start, counts }
    this.kept[number]!.push(step)
    this.onStep(step)
    if (number === 1 && this.entities.isCrowded) this.onCrowded()
  }

  /** A level's step since then, of the finer ones. */
  private made(number: number, start: number): CountTable {
    const finer = this.since(number - 1, start)
    const table = new CountTable(Math.max(0, ...finer.map(({ counts }) => counts.ids.length)))
    for (const { counts } of finer) table.merge(counts)
    return table
  }

  private dropOver(number: number, now: number): void {
    const kept = this.kept[number]!
    // What a coarser step will be made of stays, though restarts and a clock that is set often make more steps than
    // there is room for.
    const isNeeded = ({ start }: Step) => start >= (this.began[number + 1] ?? Number.POSITIVE_INFINITY)
    const { steps } = LEVELS[number]!
    const isTooMuch = () => kept.length > (isNeeded(kept[0]!) ? 2 * steps : steps) + 1
    while (kept.length > 0 && ((isOver(kept[0]!, now) && !isNeeded(kept[0]!)) || isTooMuch())) kept.shift()
  }

  /** For `freeze`: of as many events, those that came first. */
  private busiestNames(table: CountTable, limit: number): (id: number, at: number) => boolean {
    const events = new Float64Array(table.size)
    let [at, names] = [0, 0]
    table.forEach((id, row) => {
      const isName = this.entities.dimensionOf(id) === 'name'
      if (isName) names++
      events[at++] = isName ? row('denials') + row('resolutions') + row('flows') : NO_NAME
    })
    if (names <= limit) return () => true
    const ordered = events.slice().sort()
    const least = ordered[ordered.length - limit]!
    // All with more than the least that finds room, and as many with just that as there is room left.
    let room = limit - (ordered.length - ordered.lastIndexOf(least) - 1)
    return (_, at) => events[at] === NO_NAME || events[at]! > least || (events[at] === least && room-- > 0)
  }

  private shift(jump: number): void {
    for (const step of this.kept.flat()) step.start += jump
    for (const number of this.began.keys()) this.began[number]! += jump
  }
}

const stepStart = (time: number, step: number): number => time - (((time % step) + step) % step)

const isOver = (step: Step, now: number): boolean => {
  const { step: length, steps } = LEVELS[step.level]!
  return step.start + length <= now - length * steps
}
