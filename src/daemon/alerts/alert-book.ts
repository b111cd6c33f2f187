import { type Alert, bounded, type Condition, fingerprintOf, type Judgement } from './alert.ts'

/** Milliseconds without its condition after which an alert is resolved: what comes and goes is one alert. */
export const QUIET_MS = 60_000
/** What began again within so many milliseconds must be quiet twice as long as before, up to `MAX_QUIET_MS`. */
const AGAIN_MS = 3_600_000
export const MAX_QUIET_MS = 16 * QUIET_MS
/** Alerts that are kept, firing and resolved. */
export const MAX_ALERTS = 500
/** Of one event, so that one that storms leaves room for the others. */
export const MAX_FIRING_PER_EVENT = 50
const MAX_RESOLVED = 200
const MAX_PENDING = 500

interface Live {
  alert: Alert
  /** By the clock that is never set, milliseconds. */
  seenAt: number
  readonly quietMs: number
}

/**
 * Which alerts fire. Evaluators say what is so, again and again; an alert begins when that has lasted as long as it must,
 * and ends when nothing was seen of it for a while, which is longer where it comes back again and again. Durations are measured by a clock that is never set.
 */
export class AlertBook {
  /** Alerts that found no room since the start. */
  leftOut = 0
  private readonly live = new Map<string, Live>()
  private readonly pending = new Map<string, number>()
  private past: Alert[] = []
  private readonly refused = new Set<string>()
  /** By fingerprint, when it began last and how long it then had to be quiet; the newest last. */
  private readonly begun = new Map<string, { readonly at: number; readonly quietMs: number }>()

  /** Takes over what an earlier run had; it is resolved after a while unless it is seen again. */
  restore(alerts: readonly Alert[], monotonic: number): void {
    for (const alert of alerts.slice(-MAX_ALERTS))
      if (alert.state === 'resolved') this.past.push(alert)
      else if (!this.live.has(alert.fingerprint))
        this.live.set(alert.fingerprint, { alert, seenAt: monotonic, quietMs: QUIET_MS })
  }

  /**
   * What one source says now. Returns the alerts that began or ended. `now` by the wall clock, for what is printed only.
   */
  update(source: string, judgement: Judgement, now: number, monotonic: number): Alert[] {
    if (judgement === undefined) {
      for (const entry of this.live.values()) if (entry.alert.source === source) entry.seenAt = monotonic
      return []
    }
    const changed: Alert[] = []
    const seen = new Set<string>()
    for (const condition of judgement === 'over' ? [] : judgement) {
      const fingerprint = fingerprintOf(condition)
      seen.add(fingerprint)
      const begun = this.see(source, fingerprint, condition, now, monotonic)
      if (begun !== undefined) changed.push(begun)
    }
    for (const key of this.pending.keys())
      if (key.startsWith(`${source} `) && !seen.has(key.slice(source.length + 1))) this.pending.delete(key)
    const time = judgement === 'over' ? Number.POSITIVE_INFINITY : monotonic
    changed.push(...this.resolve((entry) => entry.alert.source === source, now, time))
    return changed
  }

  /** Ends the alerts of sources that there are no more, such as rules that were deleted. */
  keepSources(sources: ReadonlySet<string>, now: number): Alert[] {
    return this.resolve(({ alert }) => !sources.has(alert.source), now, Number.POSITIVE_INFINITY)
  }

  get firing(): Alert[] {
    return [...this.live.values()].map(({ alert }) => alert)
  }

  /** Those that ended, oldest first. */
  get resolved(): readonly Alert[] {
    return this.past
  }

  /** Drops what ended and is of no more use, but the newest for whoever asks. */
  forget(isNeeded: (alert: Alert) => boolean, keep = 50): void {
    const newest = this.past.length - keep
    this.past = this.past.filter((alert, index) => index >= newest || isNeeded(alert)).slice(-MAX_RESOLVED)
  }

  private see(
    source: string,
    fingerprint: string,
    condition: Condition,
    now: number,
    monotonic: number,
  ): Alert | undefined {
    const known = this.live.get(fingerprint)
    if (known !== undefined) {
      known.seenAt = monotonic
      known.alert = { ...known.alert, ...wordsOf(condition) }
      return undefined
    }
    const key = `${source} ${fingerprint}`
    const since = this.pending.get(key)
    if (monotonic - (since ?? monotonic) < (condition.forMs ?? 0)) {
      if (since === undefined && this.pending.size < MAX_PENDING) this.pending.set(key, monotonic)
      return undefined
    }
    if (!this.hasRoom(condition.event, fingerprint)) return undefined
    this.pending.delete(key)
    const alert: Alert = {
      fingerprint,
      source,
      event: condition.event,
      labels: Object.fromEntries(Object.entries(condition.labels).map(([name, value]) => [name, bounded(value, 1024)])),
      ...wordsOf(condition),
      state: 'firing',
      startsAt: new Date(now).toISOString(),
      ...(condition.webhooks === undefined ? {} : { webhooks: [...condition.webhooks] }),
      syslog: condition.syslog ?? true,
    }
    this.live.set(fingerprint, { alert, seenAt: monotonic, quietMs: this.begin(fingerprint, monotonic) })
    return alert
  }

  /** Milliseconds that it must not be seen before it is over: the longer, the more often it came back. */
  private begin(fingerprint: string, monotonic: number): number {
    const last = this.begun.get(fingerprint)
    const isBack = last !== undefined && monotonic - last.at < AGAIN_MS
    const quietMs = isBack ? Math.min(MAX_QUIET_MS, 2 * last.quietMs) : QUIET_MS
    this.begun.delete(fingerprint)
    this.begun.set(fingerprint, { at: monotonic, quietMs })
    if (this.begun.size > MAX_ALERTS) this.begun.delete(this.begun.keys().next().value!)
    return quietMs
  }

  private hasRoom(event: string, fingerprint: string): boolean {
    const ofEvent = this.firing.filter((alert) => alert.event === event).length
    if (ofEvent < MAX_FIRING_PER_EVENT && this.live.size < MAX_ALERTS - MAX_RESOLVED) return true
    if (!this.refused.has(fingerprint)) {
      this.leftOut++
      if (this.refused.size >= MAX_PENDING) this.refused.clear()
      this.refused.add(fingerprint)
    }
    return false
  }

  private resolve(isMeant: (entry: Live) => boolean, now: number, monotonic: number): Alert[] {
    const ended: Alert[] = []
    for (const [fingerprint, entry] of this.live) {
      if (!isMeant(entry) || monotonic - entry.seenAt < entry.quietMs) continue
      this.live.delete(fingerprint)
      // A clock that was set back would let it end before it began.
      const end = Math.max(now, Date.parse(entry.alert.startsAt))
      const alert: Alert = { ...entry.alert, state: 'resolved', endsAt: new Date(end).toISOString() }
      this.past.push(alert)
      ended.push(alert)
    }
    if (this.past.length > MAX_RESOLVED) this.past.splice(0, this.past.length - MAX_RESOLVED)
    return ended
  }
}

const wordsOf = ({ severity, summary, description }: Condition) => ({
  severity,
  summary: bounded(summary, 2048),
  description: bounded(description, 2048),
})
