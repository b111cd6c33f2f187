import type { PinnerStatus } from '../../pinner/control-client.ts'
import type { Plan } from '../../plan/types.ts'
import type { GuardSight } from '../../services/index.ts'
import type { DecisionRecord } from '../records/kinds/record.ts'
import type { AnyRecord } from '../records/kinds/record-kinds.ts'
import type { Judgement } from './alert.ts'
import type { Learnt } from './alert-state.ts'
import { ApiKeys } from './api-keys.ts'
import type { BuiltInAlert } from './built-in.ts'
import { Certificates } from './certificates.ts'
import { EventAlerts } from './event-alerts.ts'
import { FirstDenials } from './first-denials.ts'
import { changedPolicyFile, failingNameServers, stoppedServices, unprovenGeneration } from './gateway-health.ts'
import { RuleEvaluator } from './rule-evaluator.ts'
import { type AlertSettings, NO_ALERT_SETTINGS } from './settings.ts'
import { ViolationSpike } from './violation-spike.ts'

/** Milliseconds after which a record says nothing about the present: what is counted, and what is told once. */
const LATE_MS = { count: 120_000, event: 3_600_000 }

/** What the evaluators look at, beside the records. */
export interface Sights {
  readonly sight: GuardSight | undefined
  readonly live: Plan | undefined
  /** By the wall clock, for the ends of certificates and keys only. */
  readonly now: number
  readonly monotonic: number
}

/** By source. */
export type Judgements = ReadonlyMap<string, Judgement>

/** Everything that says what is so: configured rules, and the built-in alerts that are not silenced. */
export class Evaluators {
  private settings: AlertSettings = NO_ALERT_SETTINGS
  private rules: RuleEvaluator[] = []
  private servers: PinnerStatus['nameServers'] | undefined
  private readonly spike = new ViolationSpike()
  private readonly first: FirstDenials
  private readonly events: EventAlerts
  private readonly certificates: Certificates
  private readonly apiKeys: ApiKeys

  /** @param generation the link to the folder of the live generation */
  constructor(generation: string, monotonic: number) {
    this.events = new EventAlerts(monotonic)
    this.first = new FirstDenials(NO_ALERT_SETTINGS.learningHours, monotonic)
    this.certificates = new Certificates(generation)
    this.apiKeys = new ApiKeys(generation)
  }

  restore({ baselines, clients, watchedMs }: Learnt, monotonic: number): void {
    this.spike.restore(baselines, monotonic)
    this.first.restore(clients, watchedMs)
  }

  learnt(): Learnt {
    this.first.isChanged = false
    const { clients, watchedMs } = this.first
    return { version: 1, baselines: this.spike.baselines, clients, watchedMs }
  }

  get hasNewClient(): boolean {
    return this.first.isChanged
  }

  /** Milliseconds before first denials are told; 0: they are, or they are not wanted. */
  get learningLeftMs(): number {
    return this.settings.silenced.includes('client.first-denial') ? 0 : this.first.learningLeftMs
  }

  /** Rules that stay as they are go on counting. */
  use(settings: AlertSettings, monotonic: number): void {
    this.settings = settings
    this.first.useLearning(settings.learningHours)
    this.rules = settings.rules.map((rule) => {
      const known = this.rules.find((each) => JSON.stringify(each.rule) === JSON.stringify(rule))
      return known ?? new RuleEvaluator(rule, monotonic)
    })
  }

  nameServers(servers: PinnerStatus['nameServers'] | undefined): void {
    this.servers = servers
  }

  /** `now` by the clock that records have their times by. */
  take(record: AnyRecord, now: number, monotonic: number): void {
    // What is read long after it happened, as after a standstill of ours, would look like a storm.
    if (now - Date.parse(record.time) > LATE_MS[isDecision(record) ? 'count' : 'event']) return
    this.events.take(record, monotonic)
    if (!isDecision(record) || record.verdict !== 'deny') return
    for (const rule of this.rules) rule.take(record, monotonic)
    this.spike.take(record, monotonic)
    if (record.event === 'decision') this.first.take(record, monotonic)
  }

  evaluate({ sight, live, now, monotonic }: Sights): Judgements {
    const builtIn: readonly [BuiltInAlert, string, () => Judgement][] = [
      ['policy.violation-spike', 'spike', () => this.spike.evaluate(monotonic)],
      ['client.first-denial', 'clients', () => this.first.evaluate(monotonic)],
      ['service.down', 'services', () => stoppedServices(sight)],
      ['generation.not-proven', 'kernel', () => unprovenGeneration(sight, live)],
      ['generation.not-proven', 'commits', () => this.events.failedCommits(monotonic)],
      ['policy-file.changed', 'policy-file', () => changedPolicyFile(sight)],
      ['certificate.expiry', 'certificates', () => this.certificates.evaluate(now)],
      ['api-key.expiry', 'api-keys', () => this.apiKeys.evaluate(now)],
      ['upstream.failing', 'name-servers', () => failingNameServers(this.servers)],
      ['upstream.failing', 'resolution', () => this.events.unresolvedNames(monotonic)],
    ]
    const { silenced } = this.settings
    const judged = builtIn
      // Also what is silenced goes on learning.
      .map(([event, source, evaluate]) => [event, source, evaluate()] as const)
      .filter(([event]) => !silenced.includes(event))
      .map(([, source, conditions]) => [source, conditions] as const)
    const rules = this.rules.map((rule) => [`rule.${rule.rule.name}`, rule.evaluate(monotonic)] as const)
    return new Map([...judged, ['guard', this.events.guardEvents(monotonic)], ...rules])
  }
}

const isDecision = (record: AnyRecord): record is DecisionRecord => record.schema === 'clawgress.decision/1'
