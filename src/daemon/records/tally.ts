import type { ReasonCode } from '../../base/reasons.ts'
import type { DecisionRecord } from './kinds/record.ts'

const MINUTE = 60_000
const MINUTES = 60

/** Denials of the last hour by reason, to the minute, in constant memory. */
export class Tally {
  private readonly minutes = new Map<number, Map<ReasonCode, number>>()

  add(reason: ReasonCode, time: number): void {
    const minute = Math.floor(time / MINUTE)
    const counts = this.minutes.get(minute) ?? this.startMinute(minute)
    counts.set(reason, (counts.get(reason) ?? 0) + 1)
  }

  /** Adds what was recorded before this program started; newest first. */
  seed(records: Iterable<DecisionRecord>, now: number): void {
    for (const { event, reason, time } of records) {
      const at = Date.parse(time)
      if (at <= now - MINUTES * MINUTE) return
      if (event === 'decision') this.add(reason, at)
    }
  }

  private startMinute(minute: number): Map<ReasonCode, number> {
    for (const old of this.minutes.keys()) if (old <= minute - MINUTES) this.minutes.delete(old)
    const counts = new Map<ReasonCode, number>()
    this.minutes.set(minute, counts)
    return counts
  }

  lastHour(now: number): Partial<Record<ReasonCode, number>> {
    const sums: Partial<Record<ReasonCode, number>> = {}
    for (const [minute, counts] of this.minutes) {
      if (minute <= Math.floor(now / MINUTE) - MINUTES) continue
      for (const [reason, count] of counts) sums[reason] = (sums[reason] ?? 0) + count
    }
    return sums
  }
}
