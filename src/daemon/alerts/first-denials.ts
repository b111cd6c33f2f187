import { clientKey } from '../../base/address.ts'
import { REASONS } from '../../base/reasons.ts'
import type { DecisionRecord } from '../records/kinds/record.ts'
import type { Condition } from './alert.ts'
import { SlidingCount } from './sliding-count.ts'

/** Clients that are remembered; then the one that was refused longest ago is forgotten. */
export const MAX_CLIENTS = 10_000
/** Milliseconds that it is told as something new. */
export const NEW_MS = 300_000
/** New clients of a group within that time that are told by themselves; of more, only their number is. */
export const MOST_SINGLE = 3
/** Groups that are told by themselves; further ones are told together. */
const MAX_GROUPS = 50
const HOUR = 3_600_000

interface Fresh {
  readonly record: DecisionRecord
  readonly at: number
}

interface Group {
  readonly count: SlidingCount
  single: Fresh[]
  /** The newest that was only counted. */
  burst: Fresh | undefined
}

/**
 * Clients that were refused a name for the first time: a program that changed its ways, or a person at its keys. In the
 * first hours of a gateway every client is new, so that it only learns. An IPv6 client is its /64: it may change its
 * address as often as it likes.
 */
export class FirstDenials {
  /** In the order of their last denial. Only their number is bounded: by age, a clock that is set would renew them all. */
  private readonly known = new Set<string>()
  /** By client: reading an address takes far longer than all else about a record. */
  private readonly keys = new Map<string, string>()
  /** The last of those that are known. */
  private newest: string | undefined
  private readonly groups = new Map<string, Group>()
  private learningMs: number
  private watched = 0
  private seenAt: number
  /** Whether there is something new to keep. */
  isChanged = false

  constructor(learningHours: number, monotonic: number) {
    this.learningMs = learningHours * HOUR
    this.seenAt = monotonic
  }

  restore(clients: readonly string[], watchedMs: number): void {
    for (const client of clients.slice(-MAX_CLIENTS)) this.known.add(client)
    this.newest = undefined
    this.watched += watchedMs
  }

  useLearning(hours: number): void {
    this.learningMs = hours * HOUR
  }

  get clients(): string[] {
    return [...this.known]
  }

  /** Milliseconds that denials have been watched, over all runs. */
  get watchedMs(): number {
    return Math.floor(this.watched)
  }

  /** Milliseconds that are left of the learning; 0: it is over. */
  get learningLeftMs(): number {
    return Math.max(0, this.learningMs - this.watched)
  }

  take(record: DecisionRecord, monotonic: number): void {
    const { client, name } = record
    if (client === undefined || name === undefined) return
    const key = this.keyOf(client)
    if (key === this.newest) return
    this.newest = key
    const isNew = !this.known.delete(key)
    this.known.add(key)
    if (!isNew) return
    this.isChanged = true
    if (this.known.size > MAX_CLIENTS) this.known.delete(this.known.values().next().value!)
    if (this.learningLeftMs === 0) this.tell(record, monotonic)
  }

  evaluate(monotonic: number): Condition[] {
    this.watched += Math.max(0, monotonic - this.seenAt)
    this.seenAt = Math.max(this.seenAt, monotonic)
    const isFresh = ({ at }: Fresh) => monotonic - at < NEW_MS
    return [...this.groups].flatMap(([name, group]) => {
      group.single = group.single.filter(isFresh)
      if (group.burst !== undefined && !isFresh(group.burst)) group.burst = undefined
      if (group.single.length === 0 && group.burst === undefined) this.groups.delete(name)
      const burst = group.burst === undefined ? [] : [burstOf(name, group.burst, group.count.sum(monotonic))]
      return [...group.single.map(({ record }) => singleOf(record)), ...burst]
    })
  }

  private keyOf(client: string): string {
    const known = this.keys.get(client)
    if (known !== undefined) return known
    if (this.keys.size >= MAX_CLIENTS) this.keys.clear()
    const key = clientKey(client)
    this.keys.set(client, key)
    return key
  }

  private tell(record: DecisionRecord, at: number): void {
    const isKnown = this.groups.has(record.group) || this.groups.size < MAX_GROUPS
    const name = isKnown ? record.group : 'others'
    const group = this.groups.get(name) ?? { count: new SlidingCount(NEW_MS, at), single: [], burst: undefined }
    this.groups.set(name, group)
    group.count.add(1, at)
    if (group.count.sum(at) > MOST_SINGLE) group.burst = { record, at }
    else group.single.push({ record, at })
  }
}

const singleOf = ({ client, group, name, reason }: DecisionRecord): Condition => ({
  event: 'client.first-denial',
  labels: { client: client!, group },
  severity: 'info',
  summary: `${client} (group ${group}) was refused ${name}, its first refused name: ${reason}.`,
  description: `${REASONS[reason].operator} For the agent: ${REASONS[reason].agent}`,
})

const burstOf = (group: string, { record: { client, name, reason } }: Fresh, count: number): Condition => ({
  event: 'client.first-denial',
  labels: { group },
  severity: 'info',
  summary: `${count} clients of group ${group} were refused their first name in the last ${NEW_MS / 60_000} minutes; the newest is ${client}, refused ${name}: ${reason}.`,
  description: `Did the policy change, or are they new? Look at "show clawgress denies top domains". ${REASONS[reason].operator}`,
})
