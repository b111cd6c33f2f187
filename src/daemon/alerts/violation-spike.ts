import { z } from 'zod'
import type { DecisionRecord } from '../records/kinds/record.ts'
import type { Condition } from './alert.ts'
import { SlidingCount } from './sliding-count.ts'

const MINUTE = 60_000
/** Minutes that the baseline looks back over, more or less: an older minute counts by 1/e. */
const MEMORY = 60
/** Before so many minutes there is no telling what is usual. */
const SETTLED = 5
/** Fewer denials a minute are never a spike. */
export const FLOOR = 60
/** Standard deviations above the mean; and times the mean, where denials are very regular. */
const DEVIATIONS = 6
const FACTOR = 3
/** Groups that are watched; further ones are watched together. */
const MAX_GROUPS = 200

const number = z.number().min(0)
export const baselineShape = z.record(
  z.string().max(255),
  z.strictObject({ minutes: number, mean: number, variance: number }),
)

type Baselines = z.infer<typeof baselineShape>
type Baseline = Baselines[string]

interface Watched {
  readonly count: SlidingCount
  baseline: Baseline
  learntAt: number
  newest: DecisionRecord | undefined
}

/**
 * Denials of the last minute, by group, against what is usual: an exponentially weighted mean and variance of the
 * denials a minute over about the last hour. A spike is taught to the baseline too, so that what stays becomes usual.
 */
export class ViolationSpike {
  private readonly groups = new Map<string, Watched>()

  restore(baselines: Baselines, monotonic: number): void {
    for (const [group, baseline] of Object.entries(baselines).slice(0, MAX_GROUPS))
      this.groups.set(group, this.watched(monotonic, baseline))
  }

  get baselines(): Baselines {
    return Object.fromEntries([...this.groups].map(([group, { baseline }]) => [group, baseline]))
  }

  take(record: DecisionRecord, monotonic: number): void {
    const isKnown = this.groups.has(record.group) || this.groups.size < MAX_GROUPS
    const group = isKnown ? record.group : 'others'
    const watched = this.groups.get(group) ?? this.watched(monotonic)
    this.groups.set(group, watched)
    watched.count.add(record.count, monotonic)
    watched.newest = record
  }

  evaluate(monotonic: number): Condition[] {
    const spikes: Condition[] = []
    for (const [group, watched] of this.groups) {
      const denials = watched.count.sum(monotonic)
      const { mean } = watched.baseline
      if (denials > limitOf(watched.baseline)) spikes.push(spikeOf(group, denials, mean, watched.newest))
      while (monotonic - watched.learntAt >= MINUTE) {
        watched.learntAt += MINUTE
        watched.baseline = learn(watched.baseline, denials)
      }
    }
    return spikes
  }

  private watched(monotonic: number, baseline: Baseline = { minutes: 0, mean: 0, variance: 0 }): Watched {
    return { count: new SlidingCount(MINUTE, monotonic, 12), baseline, learntAt: monotonic, newest: undefined }
  }
}

/** Denials a minute above which there is a spike. */
export const limitOf = ({ mean, variance }: Baseline): number =>
  Math.max(FLOOR, FACTOR * mean, mean + DEVIATIONS * Math.sqrt(variance))

/**
 * The baseline after one more minute: a plain mean at first, then an exponentially weighted one (Welford, West). A spike
 * teaches no more than its limit, or it would be usual after a few minutes.
 */
export function learn(baseline: Baseline, denials: number): Baseline {
  const { minutes, mean, variance } = baseline
  const weight = 1 / Math.min(minutes + 1, MEMORY)
  const difference = (minutes < SETTLED ? denials : Math.min(denials, limitOf(baseline))) - mean
  return {
    minutes: Math.min(minutes + 1, MEMORY),
    mean: mean + weight * difference,
    variance: (1 - weight) * (variance + weight * difference ** 2),
  }
}

const spikeOf = (group: string, denials: number, mean: number, newest: DecisionRecord | undefined): Condition => ({
  event: 'policy.violation-spike',
  labels: { group },
  severity: 'warning',
  summary: `${denials} denials in the last minute in group ${group}; about ${Math.round(mean)} are usual.`,
  description: `The newest: ${newest?.client ?? 'a client'} to ${newest?.name ?? newest?.address ?? 'somewhere'}, ${newest?.reason}. Look at "show clawgress denies top clients".`,
})
