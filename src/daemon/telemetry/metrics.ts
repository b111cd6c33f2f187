import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Plan } from '../../plan/types.ts'
import type { GuardWatch } from '../guard-watch.ts'
import type { AnyRecord } from '../records/kinds/record-kinds.ts'
import type { Measure } from './measures.ts'
import type { TelemetrySources } from './sources/telemetry-sources.ts'
import type { Event } from './telemetry.ts'

/** Groups, and events of alerts, with series of their own; further ones share `other`. */
const MAX_LABELS = 200

export interface MetricsSources {
  readonly live: () => { readonly plan: Plan; readonly since: number } | undefined
  readonly guard: GuardWatch
  readonly sources: Pick<TelemetrySources, 'missing' | 'deniedPackets'>
}

/**
 * Counters and gauges in Prometheus' text format. Clients and names are no labels: there may be any number of them, and
 * telemetry has their top lists.
 */
export class Metrics {
  private readonly registry = new Registry()
  private readonly from: MetricsSources
  private readonly groups = new BoundedLabels()
  private readonly alertEvents = new BoundedLabels()
  private readonly denials = this.counter('denials_total', 'Denials that were recorded, repeats included.', 'reason')
  private readonly packets = this.counter(
    'denied_packets_total',
    'Packets the kernel refused, with or without a record.',
    'group',
    'reason',
  )
  private readonly flows = this.counter('flows_total', 'Allowed flows that ended.', 'group')
  private readonly octets = this.counter(
    'flow_bytes_total',
    'Octets of allowed flows that ended.',
    'group',
    'direction',
  )
  private readonly queries = this.counter('dns_queries_total', 'DNS questions of clients.', 'group')
  private readonly hits = this.counter('dns_cache_hits_total', 'DNS questions answered from the cache.', 'group')
  private readonly resolutions = this.counter(
    'dns_resolutions_total',
    'Allowed DNS questions that were resolved.',
    'group',
  )
  private readonly leftOut = this.counter(
    'records_left_out_total',
    'What the records lack; one for a number that is not known.',
    'cause',
  )
  private readonly commits = this.counter('commits_total', 'Changes of what is enforced.', 'result')
  private readonly alerts = this.counter('alerts_total', 'Alerts.', 'event')

  constructor(from: MetricsSources) {
    this.from = from
    collectDefaultMetrics({ register: this.registry })
    for (const result of ['live', 'failed', 'removed']) this.commits.inc({ result }, 0)
    for (const cause of ['rate', 'kernel', 'flows', 'disk', 'syslog', 'unreadable']) this.leftOut.inc({ cause }, 0)
    this.addGauges()
  }

  /** Takes what the records tell. */
  record(record: AnyRecord): void {
    switch (record.schema) {
      case 'clawgress.decision/1':
        this.denials.inc({ reason: record.reason }, record.count)
        break
      case 'clawgress.flow/1': {
        const group = this.groups.label(record.group)
        this.flows.inc({ group })
        if (record.up !== undefined) this.octets.inc({ group, direction: 'up' }, record.up.bytes)
        if (record.down !== undefined) this.octets.inc({ group, direction: 'down' }, record.down.bytes)
        break
      }
      case 'clawgress.omission/1':
        this.leftOut.inc({ cause: record.event }, record.count ?? 1)
        break
      case 'clawgress.commit/1':
        this.commits.inc({ result: record.event })
        break
      default:
        // The end of an alert is none.
        if (record.state !== 'resolved') this.alerts.inc({ event: this.alertEvents.label(record.event) })
    }
  }

  /** Takes what is counted of questions. */
  add({ group }: Event, measure: Measure, amount: number): void {
    const counter = { queries: this.queries, cacheHits: this.hits, resolutions: this.resolutions }[measure as string]
    counter?.inc({ group: this.groups.label(group ?? 'other') }, amount)
  }

  /** All of it, in the text format 0.0.4. */
  text(): Promise<string> {
    this.packets.reset()
    for (const [key, count] of this.from.sources.deniedPackets) {
      const at = key.lastIndexOf(' ')
      this.packets.inc({ group: this.groups.label(key.slice(0, at)), reason: key.slice(at + 1) }, count)
    }
    return this.registry.metrics()
  }

  get contentType(): string {
    return this.registry.contentType
  }

  private counter(name: string, help: string, ...labelNames: string[]): Counter {
    return new Counter({ name: `clawgress_${name}`, help, labelNames, registers: [this.registry] })
  }

  private gauge(name: string, help: string, labelNames: string[], collect: (gauge: Gauge) => void): void {
    const made: Gauge = new Gauge({
      name: `clawgress_${name}`,
      help,
      labelNames,
      registers: [this.registry],
      collect: () => {
        made.reset()
        collect(made)
      },
    })
  }

  private addGauges(): void {
    const { live, guard, sources } = this.from
    this.gauge('enforcing', 'Whether the live generation stands in the kernel, whole.', [], (gauge) => {
      const ruleset = guard.sight?.ruleset
      const generation = live()?.plan.generation
      const stands = ruleset !== undefined && !('unknown' in ruleset) && ruleset.intact && !ruleset.closed
      gauge.set(stands && generation !== undefined && ruleset.generation === generation ? 1 : 0)
    })
    this.gauge('generation_info', 'The generation that is proven live.', ['generation'], (gauge) => {
      const generation = live()?.plan.generation
      if (generation !== undefined) gauge.set({ generation }, 1)
    })
    this.gauge('generation_live_timestamp_seconds', 'Since when the generation is live.', [], (gauge) => {
      gauge.set((live()?.since ?? 0) / 1000)
    })
    this.gauge('service_running', 'Whether a service of the gateway runs.', ['service'], (gauge) => {
      const units = guard.sight?.units
      if (units === undefined || 'unknown' in units) return
      for (const { name, state } of units) gauge.set({ service: name }, state === 'running' ? 1 : 0)
    })
    this.gauge('source_up', 'Whether a source of counts answers.', ['source'], (gauge) => {
      for (const source of ['named', 'pinner', 'guard'] as const)
        gauge.set({ source }, sources.missing.has(source) ? 0 : 1)
    })
  }
}

class BoundedLabels {
  private readonly known = new Set<string>()

  label(value: string): string {
    if (this.known.has(value)) return value
    if (this.known.size >= MAX_LABELS) return 'other'
    this.known.add(value)
    return value
  }
}
