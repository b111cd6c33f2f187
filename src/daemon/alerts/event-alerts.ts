import type { UnitName } from '../../services/index.ts'
import type { AnyRecord } from '../records/kinds/record-kinds.ts'
import type { Condition, Judgement } from './alert.ts'
import { SlidingCount } from './sliding-count.ts'

/** Milliseconds that something is told which happened once. */
const EVENT_MS = 300_000
const MAX_EVENTS = 100
/** A commit that ends with one of these has not left what it should. */
const UNPROVEN: readonly string[] = ['apply.proof', 'apply.rollback', 'apply.closed']
const OURSELVES: UnitName = 'clawgressd'
/** Allowed names that did not resolve, in a minute. */
const UNRESOLVED = 10

interface Happened {
  readonly condition: Condition
  readonly at: number
}

/** What commits, the guard and the pinner tell once: an alert for a few minutes, and again where it happens again. */
export class EventAlerts {
  private readonly unresolved: SlidingCount
  private commits: Happened[] = []
  /** The last that was heard of. */
  private isProven = false
  private guard: Happened[] = []

  constructor(monotonic: number) {
    this.unresolved = new SlidingCount(60_000, monotonic, 12)
  }

  take(record: AnyRecord, monotonic: number): void {
    if (record.schema === 'clawgress.commit/1') {
      // What a later one has proven stands in place of what failed.
      if (record.event === 'live') {
        this.commits = []
        this.isProven = true
      }
      const problem = record.problems?.find(({ code }) => UNPROVEN.includes(code))
      if (problem !== undefined) {
        add(this.commits, unprovenCommit(problem), monotonic)
        this.isProven = false
      }
    } else if (record.schema === 'clawgress.alert/1') {
      // Those with a state are our own.
      if (record.state === undefined) add(this.guard, guardEvent(record), monotonic)
    } else if (record.schema === 'clawgress.decision/1' && record.reason === 'dns.upstream')
      this.unresolved.add(record.count, monotonic)
  }

  failedCommits(monotonic: number): Judgement {
    if (this.isProven) return 'over'
    this.commits = recent(this.commits, monotonic)
    return this.commits.map(({ condition }) => condition)
  }

  guardEvents(monotonic: number): Condition[] {
    this.guard = recent(this.guard, monotonic)
    return this.guard.map(({ condition }) => condition)
  }

  unresolvedNames(monotonic: number): Condition[] {
    const count = this.unresolved.sum(monotonic)
    if (count < UNRESOLVED) return []
    return [
      {
        event: 'upstream.failing',
        labels: { server: 'any' },
        severity: 'warning',
        summary: `${count} times in the last minute an allowed name did not resolve.`,
        description: 'Check the way of the gateway to its name servers, and the servers themselves.',
      },
    ]
  }
}

function add(events: Happened[], condition: Condition, monotonic: number): void {
  events.push({ condition, at: monotonic })
  if (events.length > MAX_EVENTS) events.shift()
}

const recent = (events: readonly Happened[], monotonic: number): Happened[] =>
  events.filter(({ at }) => monotonic - at < EVENT_MS)

/** Who reads that the daemon does not run is the daemon. */
const downBefore = (time: string): Condition => ({
  event: 'service.down',
  labels: { service: OURSELVES },
  severity: 'warning',
  summary: `${OURSELVES} did not run at ${time}, and runs again.`,
  description: 'Nothing was recorded and no alert was told meanwhile. Look at "show clawgress status".',
  syslog: false,
})

const unprovenCommit = ({ code, message }: { code: string; message: string }): Condition => ({
  event: 'generation.not-proven',
  labels: { cause: 'commit', code },
  severity: 'critical',
  summary: `A commit failed: ${message}`,
  description:
    'Look at "show clawgress status"; the generation that was proven last is in force unless it says otherwise.',
})

/** The guard has told syslog, and written it down. */
function guardEvent({ event, message, unit, time }: Extract<AnyRecord, { schema: 'clawgress.alert/1' }>): Condition {
  if (event === 'service.down' && unit === OURSELVES) return downBefore(time)
  return {
    event,
    labels: typeof unit === 'string' ? { service: unit } : {},
    severity: 'critical',
    summary: message,
    description: 'Look at "show clawgress status".',
    syslog: false,
  }
}
