import type { ReasonCode } from '../../base/reasons.ts'
import type { DecisionRecord } from './kinds/record.ts'

const MINUTE = 60_000
const MINUTES = 60

const minuteOf = (time: number): number => Math.floor(time / MINUTE)

/** Denials of the last hour by reason, to the minute, in constant memory. */
export class Tally {
  private minutes = new Map<number, Map<ReasonCode, number>>()
  private present = Number.NEGATIVE_INFINITY

  add(reason: ReasonCode, now: number): void {
    this.turnTo(minuteOf(now))
    this.count(reason, this.present)
  }

  /** Adds what was recorded before this program started; newest first. */
  async seed(records: AsyncIterable<DecisionRecord>, now: number): Promise<void> {
    this.turnTo(minuteOf(now))
    for await (const { event, reason, time } of records) {
      // What the clock says is yet to come was recorded before it was set back.
      const minute = Math.min(minuteOf(Date.parse(time)), this.present)
      if (minute <= this.present - MINUTES) return
      if (event === 'decision') this.count(reason, minute)
    }
  }

  lastHour(now: number): Partial<Record<ReasonCode, number>> {
    this.turnTo(minuteOf(now))
    const sums: Partial<Record<ReasonCode, number>> = {}
    for (const counts of this.minutes.values())
      for (const [reason, count] of counts) sums[reason] = (sums[reason] ?? 0) + count
    return sums
  }

  private count(reason: ReasonCode, minute: number): void {
    const counts = this.minutes.get(minute) ?? new Map<ReasonCode, number>()
    this.minutes.set(minute, counts)
    counts.set(reason, (counts.get(reason) ?? 0) + 1)
  }

  /** Forgets what is older than an hour. A clock that was set back makes nothing older or younger. */
  private turnTo(minute: number): void {
    const back = this.present - minute
    if (back > 0 && Number.isFinite(back))
      this.minutes = new Map([...this.minutes].map(([each, counts]) => [each - back, counts]))
    if (back !== 0) for (const each of this.minutes.keys()) if (each <= minute - MINUTES) this.minutes.delete(each)
    this.present = minute
  }
}
