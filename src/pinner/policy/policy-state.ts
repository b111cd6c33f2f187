import type { AddressVerdict, Group } from '../../plan/types.ts'
import type { LoadedPlan, NameJudgement } from './loaded-plan.ts'
import { OwnNetworks } from './own-networks.ts'

/** A staged Plan that could not be read after a restart: nothing may be allowed under it. */
export type Staged = LoadedPlan | 'unreadable'

export interface JointJudgement extends NameJudgement {
  /** Both Plans allow the name, but in different classes: no set of the kernel is right until one Plan is alone. */
  readonly moving: boolean
}

const REFUSED: JointJudgement = {
  allowed: false,
  reason: 'policy.closed',
  classKeys: [],
  wildcardOctets: 0,
  moving: false,
}

/**
 * The Plan in force, and during a commit also the one that is coming: then only what both allow is allowed, so that
 * neither order of the kernel, named and us opens anything. Without a Plan everything is refused.
 */
export class PolicyState {
  /** Rises with every change; what was decided under an older epoch is decided again. */
  epoch = 0
  private current: LoadedPlan | undefined
  private coming: Staged | undefined
  private readonly own: Pick<OwnNetworks, 'hold'>
  private waiting: (() => void)[] = []

  constructor(own: Pick<OwnNetworks, 'hold'> = new OwnNetworks()) {
    this.own = own
  }

  get active(): LoadedPlan | undefined {
    return this.current
  }

  get staged(): Staged | undefined {
    return this.coming
  }

  set(active: LoadedPlan | undefined, staged: Staged | undefined): void {
    this.current = active
    this.coming = staged
    this.epoch++
    if (staged !== undefined) return
    const waiting = this.waiting
    this.waiting = []
    for (const wake of waiting) wake()
  }

  /** Resolves when no Plan is staged any more, or when the signal aborts. */
  async settled(signal: AbortSignal): Promise<void> {
    if (this.coming === undefined || signal.aborted) return
    await new Promise<void>((resolve) => {
      this.waiting.push(resolve)
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    this.waiting = this.waiting.filter(() => this.coming !== undefined)
  }

  /** The group whose view forwards to listener `index`. */
  groupAt(index: number): Group | undefined {
    return this.current?.plan.groups[index]
  }

  /** How many listeners the Plans want. */
  get groupCount(): number {
    const coming = this.coming === 'unreadable' ? 0 : (this.coming?.plan.groups.length ?? 0)
    return Math.max(this.current?.plan.groups.length ?? 0, coming)
  }

  judge(groupKey: string, name: string): JointJudgement {
    if (this.current === undefined || this.coming === 'unreadable') return REFUSED
    const now = this.current.judge(groupKey, name)
    if (!now.allowed || this.coming === undefined) return { ...now, moving: false }
    const next = this.coming.judge(groupKey, name)
    if (!next.allowed) return { ...next, moving: false }
    const classKeys = now.classKeys.filter((key) => next.classKeys.includes(key))
    return { ...now, classKeys, moving: classKeys.length === 0 }
  }

  denied(groupKey: string, target: string): boolean {
    if (this.current === undefined || this.coming === 'unreadable') return true
    return this.current.denied(groupKey, target) || (this.coming?.denied(groupKey, target) ?? false)
  }

  /** May a name open the address, by every Plan concerned and by the addresses this machine has at the moment? */
  judgeAddress(groupKey: string, address: Uint8Array): AddressVerdict {
    if (this.current === undefined || this.coming === 'unreadable') return { pinnable: false, reason: 'policy.closed' }
    const verdict = this.current.judgeAddress(groupKey, address)
    if (!verdict.pinnable) return verdict
    const next = this.coming?.judgeAddress(groupKey, address)
    if (next !== undefined && !next.pinnable) return next
    if (this.own.hold(address) && !this.current.lists(groupKey, address)) {
      return { pinnable: false, reason: 'dns.rebind' }
    }
    return verdict
  }

  get maxTtl(): number {
    const plans = [this.current, this.coming === 'unreadable' ? undefined : this.coming]
    return Math.min(...plans.map((each) => each?.plan.settings.maxTtl ?? Number.POSITIVE_INFINITY))
  }

  get pinSlackMs(): number {
    const plans = [this.current, this.coming === 'unreadable' ? undefined : this.coming]
    return 1000 * Math.max(...plans.map((each) => each?.plan.settings.pinSlack ?? 0))
  }
}
