import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseAddress, parsePrefix } from '../../../base/address.ts'
import type { ReasonCode } from '../../../base/reasons.ts'
import { viewName } from '../../../dns/index.ts'
import type { PinnerClient } from '../../../pinner/control-client.ts'
import { groupOf } from '../../../plan/index.ts'
import type { Plan } from '../../../plan/types.ts'
import type { GuardWatch } from '../../guard-watch.ts'
import type { Measure } from '../measures.ts'
import type { Event } from '../telemetry.ts'
import { readCacheHits } from './named-statistics.ts'
import { NOTHING_COUNTED, RisingCounters, TotalsFile } from './rising-counter.ts'

const EVERY = 2_000
/** Milliseconds between the keeping of totals, for a daemon that is killed. */
const KEEP_EVERY = 10_000

/** Whoever counts. */
export interface CountSink {
  add(event: Event, measure: Measure, amount: number): void
}

/** Which source of counts does not answer. */
export type Missing = 'named' | 'pinner' | 'guard'

/** Every two seconds, asks those that see questions what they have counted, and passes it on. */
export class TelemetrySources {
  /** Sources that did not answer when last asked. */
  readonly missing = new Set<Missing>()
  /** Denied packets by group and reason, exact, since this program started; those without a record too. */
  readonly deniedPackets = new Map<string, number>()
  private readonly sink: CountSink
  private readonly guard: GuardWatch
  private readonly pinner: PinnerClient
  private readonly cacheHits: () => Promise<Map<string, number>>
  private readonly totalsFile: TotalsFile
  private readonly counters: Readonly<Record<'hits' | 'queries' | 'denied', RisingCounters>>
  private keptAt = 0
  private askedAt = Number.NEGATIVE_INFINITY
  private isAsking = false
  private guardSeenAt = 0

  /** `folder`: the daemon's, which lives as long as the table does. */
  constructor(
    sink: CountSink,
    guard: GuardWatch,
    pinner: PinnerClient,
    folder: string,
    cacheHits: () => Promise<Map<string, number>> = readCacheHits,
  ) {
    this.sink = sink
    this.guard = guard
    this.pinner = pinner
    this.cacheHits = cacheHits
    this.totalsFile = new TotalsFile(join(folder, 'telemetry.totals'))
    const kept = this.totalsFile.read()
    // Before the daemon's first record since the machine was booted, nobody has taken what was counted.
    const unkept = existsSync(join(folder, 'nflog.place')) ? undefined : NOTHING_COUNTED
    const counters = (name: string) => new RisingCounters(kept?.[name] ?? unkept)
    this.counters = { hits: counters('hits'), queries: counters('queries'), denied: counters('denied') }
  }

  /** Keeps what was counted until now, so that the next daemon adds what comes in between. */
  close(): void {
    this.totalsFile.write(this.counters)
  }

  /** Never throws, and waits for nobody. */
  step(now: number, plan: Plan | undefined): void {
    if (this.isAsking || Math.abs(now - this.askedAt) < EVERY) return
    this.askedAt = now
    this.takeGuard(plan)
    if (Math.abs(now - this.keptAt) >= KEEP_EVERY) {
      this.keptAt = now
      this.totalsFile.write(this.counters)
    }
    if (plan === undefined) return
    this.isAsking = true
    void Promise.all([
      this.ask('named', () => this.takeHits(plan)),
      this.ask('pinner', () => this.takeResolved(plan)),
    ]).finally(() => {
      this.isAsking = false
    })
  }

  private async ask(source: Missing, take: () => Promise<void>): Promise<void> {
    try {
      await take()
      this.missing.delete(source)
    } catch {
      this.missing.add(source)
    }
  }

  private async takeHits(plan: Plan): Promise<void> {
    const added = this.counters.hits.added(await this.cacheHits())
    for (const { id, name } of plan.groups) {
      const count = added.get(viewName(id))
      if (count !== undefined) this.sink.add({ group: name }, 'cacheHits', count)
    }
  }

  private async takeResolved(plan: Plan): Promise<void> {
    const { names, others } = await this.pinner.resolved()
    const ids = new Map(plan.groups.map(({ name, id }) => [name, id]))
    for (const [group, name, count] of names) {
      const id = ids.get(group)
      const label = id === undefined ? undefined : plan.names.label(id, name)
      this.sink.add({ group, name, label }, 'resolutions', count)
    }
    if (others > 0) this.sink.add({}, 'resolutions', others)
  }

  private takeGuard(plan: Plan | undefined): void {
    const { sight } = this.guard
    if (sight === undefined) this.missing.add('guard')
    else this.missing.delete('guard')
    if (sight === undefined || sight.seenAt === this.guardSeenAt) return
    this.guardSeenAt = sight.seenAt
    const { clientQueries, counters } = sight
    const table = 'unknown' in counters ? undefined : counters.table
    // A guard of an older version says nothing of them.
    if (clientQueries !== undefined && !('unknown' in clientQueries)) {
      const added = this.counters.queries.added(new Map(Object.entries(clientQueries as Record<string, number>)), table)
      for (const [client, count] of added)
        this.sink.add({ client, group: plan && groupOfClient(plan, client) }, 'queries', count)
    }
    if (!('unknown' in counters)) {
      const totals = Object.entries(counters.denied).flatMap(([scope, reasons]) =>
        Object.entries(reasons).map(([reason, { packets }]) => [`${scope} ${reason}`, packets] as const),
      )
      for (const [key, count] of this.counters.denied.added(new Map(totals), table)) {
        const [scope, reason] = key.split(' ') as [string, ReasonCode]
        const group = plan?.groups.find((each) => each.key === scope)?.name ?? scope
        const label = `${group} ${reason}`
        this.deniedPackets.set(label, (this.deniedPackets.get(label) ?? 0) + count)
      }
    }
  }
}

/** `client` is an address, or the /64 of an IPv6 client. */
function groupOfClient(plan: Plan, client: string): string {
  return groupOf(plan, client.includes('/') ? parsePrefix(client)?.bytes : parseAddress(client)).name
}
