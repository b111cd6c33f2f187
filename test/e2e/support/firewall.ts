import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseAddress } from '../../../src/base/address.ts'
import type { ReasonCode } from '../../../src/base/reasons.ts'
import {
  applyRuleset,
  heldSetName,
  liveRuleset,
  nextMark,
  PinWriter,
  pinSetName,
  printRuleset,
  readCounters,
  readLiveObjects,
} from '../../../src/firewall/index.ts'
import type { Group, PinClass, Plan } from '../../../src/plan/types.ts'
import { CLIENT_NETWORKS, WEB } from './firewall-plan.ts'
import { Topology } from './netns.ts'

/** The gateway of a `Topology` with our table on it, and what a test does to it. */
export class FirewallLab {
  readonly topology = new Topology()
  readonly folder = mkdtempSync(join(tmpdir(), 'cg-test-'))
  readonly pins: PinWriter
  mark = 0
  readonly #ends: (() => void)[] = []

  constructor() {
    this.pins = this.gateway(() => new PinWriter())
  }

  /** One with the Plan in force, and addresses pinned for the web in its default group. */
  static async enforcing(plan: Plan, pinned: readonly string[] = []): Promise<FirewallLab> {
    const lab = new FirewallLab()
    try {
      await lab.commit(plan)
      lab.pin(plan.groups[0]!, WEB, pinned)
      return lab
    } catch (error) {
      lab.dispose()
      throw error
    }
  }

  /** Runs something of `src/firewall/` in the gateway's namespace. */
  gateway<Result>(work: () => Result): Result {
    return this.topology.gateway.inside(work)
  }

  /** Loads a Plan as the next generation. */
  async commit(plan: Plan): Promise<void> {
    this.mark = this.gateway(() => nextMark(plan.settings.markMask, liveRuleset().mark))
    const live = this.gateway(readLiveObjects)
    await this.load(printRuleset(plan, { mark: this.mark, live, networks: CLIENT_NETWORKS }))
  }

  async load(text: string): Promise<void> {
    await this.gateway(() => applyRuleset(text))
  }

  /** Pins and holds addresses as the pinner does. */
  pin(group: Group, cls: PinClass, addresses: readonly string[], pinMs = 60_000, heldMs = 600_000): void {
    this.pins.refresh(
      addresses.flatMap((text) => {
        const address = parseAddress(text)!
        const family = address.length === 4 ? 4 : 6
        return [
          { set: pinSetName(group, cls, family), address, timeoutMs: pinMs },
          { set: heldSetName(group, cls, family), address, timeoutMs: heldMs },
        ]
      }),
    )
  }

  unpin(group: Group, cls: PinClass, addresses: readonly string[]): void {
    this.pins.remove(
      addresses.flatMap((text) => {
        const address = parseAddress(text)!
        const family = address.length === 4 ? 4 : 6
        return [pinSetName, heldSetName].map((name) => ({ set: name(group, cls, family), address }))
      }),
    )
  }

  denied(scope: string, reason: ReasonCode): number {
    return this.gateway(readCounters).denied[scope]?.[reason]?.packets ?? 0
  }

  /** Does something of the test's own before the namespaces go. */
  atEnd(end: () => void): void {
    this.#ends.push(end)
  }

  /** Closes it before the namespaces go. */
  closing<Item extends { close(): void }>(item: Item): Item {
    this.atEnd(() => item.close())
    return item
  }

  dispose(): void {
    for (const end of this.#ends) end()
    this.pins.close()
    this.topology.dispose()
    rmSync(this.folder, { recursive: true, force: true })
  }
}
