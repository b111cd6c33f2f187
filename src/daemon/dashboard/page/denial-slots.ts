/** Denials of one span of time by reason. */
export interface Slot {
  /** Milliseconds since the epoch. */
  readonly start: number
  readonly total: number
  readonly byReason: Readonly<Record<string, number>>
}

/** A span in which far more was denied than is usual. */
export interface Spike {
  readonly start: number
  readonly total: number
  /** Denials that a span has otherwise. */
  readonly usual: number
}

export interface Point {
  readonly time: string
  readonly total: { readonly denials: number | null; readonly denialsByReason: Readonly<Record<string, number>> }
}

/** Spans in order, without holes, the last of them not over: spans in which nothing happened are not kept by the gateway. */
export function slotsOf(points: readonly Point[], stepMs: number, windowMs: number, now: number): Slot[] {
  const slotAt = (time: number) => Math.floor(time / stepMs) * stepMs
  const last = slotAt(now)
  const slots = new Map<number, { total: number; byReason: Record<string, number> }>()
  for (let start = last - windowMs + stepMs; start <= last; start += stepMs)
    slots.set(start, { total: 0, byReason: {} })
  for (const { time, total } of points) {
    const slot = slots.get(slotAt(Date.parse(time)))
    if (slot === undefined) continue
    slot.total += total.denials ?? 0
    for (const [reason, count] of Object.entries(total.denialsByReason))
      slot.byReason[reason] = (slot.byReason[reason] ?? 0) + count
  }
  return [...slots].map(([start, slot]) => ({ start, ...slot }))
}

/** Fewer are no spike, however few there are otherwise. */
const LEAST = 10
const TIMES_USUAL = 3

/** From so many spans on there are nights among them. */
const SPANS_OF_A_DAY = 24

/**
 * Spans with at least ten denials and three times what is usual: what half of the spans do not exceed or, within a day or
 * more, three quarters of them, because what is usual by day is no spike for being more than by night.
 */
export function spikesOf(slots: readonly Slot[]): Spike[] {
  const sorted = slots.map(({ total }) => total).sort((a, b) => a - b)
  const share = slots.length < SPANS_OF_A_DAY ? 1 / 2 : 3 / 4
  const usual = sorted[Math.floor((sorted.length - 1) * share)] ?? 0
  return slots
    .filter(({ total }) => total >= LEAST && total >= TIMES_USUAL * Math.max(1, usual))
    .map(({ start, total }) => ({ start, total, usual }))
}

export const OTHER_REASONS = 'other reasons'
const MOST_REASONS = 5

export interface Stack {
  /** Those with most denials first; the last may stand for the rest. */
  readonly reasons: readonly string[]
  /** Denials of each reason in the time shown. */
  readonly totals: readonly number[]
  /** For each reason, for each slot: its denials. */
  readonly counts: readonly (readonly number[])[]
}

/** What is drawn on top of each other. */
export function stackOf(slots: readonly Slot[]): Stack {
  const totals = new Map<string, number>()
  for (const { byReason } of slots)
    for (const [reason, count] of Object.entries(byReason)) totals.set(reason, (totals.get(reason) ?? 0) + count)
  const sorted = [...totals].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([reason]) => reason)
  const own = sorted.length > MOST_REASONS + 1 ? sorted.slice(0, MOST_REASONS) : sorted
  const counts = own.map((reason) => slots.map(({ byReason }) => byReason[reason] ?? 0))
  // What the kernel counted without a record has no reason either.
  const rest = slots.map(({ total }, slot) => total - counts.reduce((sum, each) => sum + each[slot]!, 0))
  const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0)
  const all = sum(rest) > 0 ? [...counts, rest] : counts
  return { reasons: sum(rest) > 0 ? [...own, OTHER_REASONS] : own, totals: all.map(sum), counts: all }
}
