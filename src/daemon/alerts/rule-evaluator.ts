import type { DecisionRecord } from '../records/kinds/record.ts'
import type { Condition } from './alert.ts'
import type { AlertRule } from './settings.ts'
import { SlidingCount } from './sliding-count.ts'

/** Counts the denials that a configured rule is about. */
export class RuleEvaluator {
  readonly rule: AlertRule
  private readonly count: SlidingCount
  private readonly startedAt: number
  private newest: DecisionRecord | undefined

  constructor(rule: AlertRule, monotonic: number) {
    this.rule = rule
    this.startedAt = monotonic
    this.count = new SlidingCount(rule.intervalSeconds * 1_000, monotonic)
  }

  take(record: DecisionRecord, monotonic: number): void {
    const { reasons, groups } = this.rule
    if (reasons.length > 0 && !reasons.includes(record.reason)) return
    if (groups.length > 0 && !groups.includes(record.group)) return
    this.count.add(record.count, monotonic)
    this.newest = record
  }

  /** Undefined: it has not watched for a whole interval yet, so that what an earlier run saw may still hold. */
  evaluate(monotonic: number): Condition[] | undefined {
    const { name, threshold, intervalSeconds, webhooks, syslog, reasons, groups } = this.rule
    const denials = this.count.sum(monotonic)
    if (denials < threshold) return monotonic - this.startedAt < intervalSeconds * 1_000 ? undefined : []
    const among = [...reasons, ...groups.map((group) => `group ${group}`)].join(', ')
    return [
      {
        event: `rule.${name}`,
        labels: { rule: name },
        severity: 'warning',
        summary: `${denials} denials${among === '' ? '' : ` (${among})`} in ${intervalSeconds} s; rule ${name} allows fewer than ${threshold}.`,
        description: `${newestOf(this.newest)}Look at "show clawgress denies".`,
        webhooks,
        syslog,
      },
    ]
  }
}

const newestOf = (record: DecisionRecord | undefined): string =>
  record === undefined
    ? ''
    : `The newest: ${record.client ?? 'a client'} to ${record.name ?? record.address ?? 'somewhere'}, ${record.reason}. `
