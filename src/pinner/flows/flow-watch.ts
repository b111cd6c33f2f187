import { liveRuleset, lostFlows, probeFlows } from '../../firewall/index.ts'
import { groupOf } from '../../plan/index.ts'
import { type AddressKey, addressKey } from '../book/binding.ts'
import type { PinStore } from '../book/pin-store.ts'
import type { Counters } from '../metrics.ts'
import type { LoadedPlan } from '../policy/loaded-plan.ts'
import { FlowReader } from './flow-reader.ts'
import { unpackFlows } from './packed-flows.ts'

/** What the pinner does with open flows: revoked ones are made to notice, live ones keep their addresses held. */
export class FlowWatch {
  private readonly store: PinStore
  private readonly now: () => number
  private readonly reader: FlowReader

  constructor(store: PinStore, counters: Counters, now: () => number) {
    this.store = store
    this.reader = new FlowReader(counters)
    this.now = now
  }

  start(): void {
    this.reader.start()
  }

  close(): void {
    this.reader.close()
  }

  /**
   * Makes both ends of flows notice that the ruleset of `plan`, which must be loaded, no longer lets them through.
   * Returns how many TCP flows that concerns. Throws ClawgressError.
   */
  async probe(plan: LoadedPlan, destinations: ReadonlySet<AddressKey> | 'all'): Promise<number> {
    const { markMask } = plan.plan.settings
    const flows = await this.reader.read({ markMask, ...(destinations === 'all' ? {} : { destinations }) })
    const mark = liveRuleset().mark
    if (mark === undefined) return 0
    const now = this.now()
    const lost = lostFlows(plan.plan, mark, unpackFlows(flows), ({ group, cls, address }) => {
      const times = this.store.book.entry(group.key, addressKey(address))?.sets.get(cls.key)
      return times !== undefined && times.heldUntil > now
    })
    probeFlows(lost)
    return lost.length
  }

  /** Keeps the addresses of live flows held for another while, and forgets what nothing needs any more. */
  async sweep(plan: LoadedPlan): Promise<{ flows: number; held: number }> {
    const packed = await this.reader.read({ markMask: plan.plan.settings.markMask })
    const live = new Map<string, Set<AddressKey>>()
    let flows = 0
    for (const flow of unpackFlows(packed)) {
      flows++
      const { key } = groupOf(plan.plan, flow.original.source)
      const addresses = live.get(key) ?? new Set()
      addresses.add(addressKey(flow.reply.source))
      live.set(key, addresses)
    }
    const held = this.store.hold(live)
    this.store.prune()
    return { flows, held }
  }
}
