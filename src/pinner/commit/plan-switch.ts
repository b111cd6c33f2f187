import { fail } from '../../base/errors.ts'
import type { Binding } from '../book/binding.ts'
import type { LostPair, PinStore } from '../book/pin-store.ts'
import type { FlowWatch } from '../flows/flow-watch.ts'
import type { Limits } from '../limits.ts'
import type { LoadedPlan } from '../policy/loaded-plan.ts'
import type { PolicyState, Staged } from '../policy/policy-state.ts'
import { lostPairs } from './lost.ts'
import { sameReach } from './reach.ts'
import { restorePins } from './restore-pins.ts'
import { type Settled, settle } from './settle.ts'
import { changedStandings } from './standing.ts'
import { type PlanDirs, readState, writeState } from './state-file.ts'

/** Names that named must forget, for one group's view. */
export interface FlushList {
  /** Index of the group in the Plan now in force, and its key. */
  readonly id: number
  readonly group: string
  readonly names: readonly string[] | 'all'
}

export interface StageResult {
  readonly generation: string
  /** Addresses, by class, that were taken from the kernel. */
  readonly lost: number
  readonly ms: number
}

export interface ActivateResult {
  readonly generation: string
  readonly flush: readonly FlushList[]
  /** Flows that were made to notice that they are revoked. */
  readonly probed: number
  readonly moved: number
  readonly ms: number
}

export interface PlanSwitchParts {
  readonly policy: PolicyState
  readonly store: PinStore
  readonly flows: Pick<FlowWatch, 'probe'>
  readonly limits: Limits
  readonly statePath: string
  /** Throws ClawgressError where the folder holds no Plan that may be put in force. */
  readonly readPlan: (dir: string) => LoadedPlan
  readonly now: () => number
  /** Told of every change, to open listeners and choose name-servers; awaited before the change counts as done. */
  readonly changed: () => Promise<void>
}

/** The pinner's side of a commit: stage, then activate or abort; `load` for a start without either. */
export class PlanSwitch {
  private readonly parts: PlanSwitchParts
  /** What staging took from the kernel. */
  private taken: readonly LostPair[] = []
  /** A pinner before us staged: what it took is not known any more. */
  private forgotten = false

  constructor(parts: PlanSwitchParts) {
    this.parts = parts
  }

  /** Comes up as the pinner before: what was staged stays staged. Returns what could not be read, as sentences. */
  async restore(): Promise<string[]> {
    const problems: string[] = []
    const read = (dir: string | undefined): LoadedPlan | undefined => {
      if (dir === undefined) return undefined
      try {
        return this.parts.readPlan(dir)
      } catch (error) {
        problems.push((error as Error).message)
        return undefined
      }
    }
    const dirs = readState(this.parts.statePath)
    const staged: Staged | undefined = dirs.staged === undefined ? undefined : (read(dirs.staged) ?? 'unreadable')
    this.forgotten = staged !== undefined
    this.parts.policy.set(read(dirs.active), staged)
    await this.parts.changed()
    return problems
  }

  /** Puts a Plan in force at once. Throws ClawgressError; then nothing has changed. */
  async load(dir: string): Promise<ActivateResult> {
    const started = this.parts.now()
    const plan = this.parts.readPlan(dir)
    const before = this.parts.policy.active
    this.switchTo(plan, undefined)
    await this.parts.changed()
    return await this.settleInto(plan, before, started)
  }

  /** From now on only what both Plans allow; what the coming one does not justify is taken from the kernel. */
  async stage(dir: string): Promise<StageResult> {
    const { policy, store, now } = this.parts
    const started = now()
    const plan = this.parts.readPlan(dir)
    if (policy.staged !== undefined) await this.abort()
    this.switchTo(policy.active, plan)
    const { keepEstablished } = plan.plan.settings
    this.taken = store.take(lostPairs(store.book, changedStandings(store.book, plan, policy.active)), keepEstablished)
    await this.parts.changed()
    return { generation: plan.plan.generation, lost: this.taken.length, ms: now() - started }
  }

  /** The staged Plan alone counts; the kernel must have its ruleset by now. */
  async activate(): Promise<ActivateResult> {
    const { policy, now } = this.parts
    const started = now()
    const plan = policy.staged
    if (plan === undefined)
      fail('system.unreachable', 'No policy is staged in the pinner; stage one before activating.')
    if (plan === 'unreadable') fail('policy.file', 'The staged policy cannot be read any more; commit again.')
    const before = policy.active
    this.switchTo(plan, undefined)
    await this.parts.changed()
    return await this.settleInto(plan, before, started)
  }

  /** Back to the Plan in force; what staging took is put back for the rest of its time. */
  async abort(): Promise<{ readonly restored: number }> {
    const { policy, store, now } = this.parts
    this.switchTo(policy.active, undefined)
    const taken = this.taken
    this.taken = []
    const failed = store.put(taken)
    if (policy.active !== undefined) settle(store, policy.active, policy.active, now())
    await this.parts.changed()
    if (!this.forgotten) return { restored: taken.length - failed.length }
    this.forgotten = false
    const { pins } = await restorePins(store, policy)
    return { restored: pins }
  }

  /** Names for named to forget, as lists by group, or whole views where the lists were long. */
  flushLists(names: ReadonlyMap<string, ReadonlySet<string>>): FlushList[] {
    const groups = this.parts.policy.active?.plan.groups ?? []
    return groups.flatMap(({ id, key }) => {
      const listed = names.get(key)
      if (listed === undefined || listed.size === 0) return []
      return [{ id, group: key, names: listed.size > this.parts.limits.flushNames ? ('all' as const) : [...listed] }]
    })
  }

  private switchTo(active: LoadedPlan | undefined, staged: Staged | undefined): void {
    const dirs: PlanDirs = {
      ...(active === undefined ? {} : { active: active.dir }),
      ...(staged === undefined || staged === 'unreadable' ? {} : { staged: staged.dir }),
    }
    // Written first: a pinner killed in between comes up with the stricter or the same judgement.
    writeState(this.parts.statePath, dirs)
    this.parts.policy.set(active, staged)
  }

  private async settleInto(plan: LoadedPlan, before: LoadedPlan | undefined, started: number): Promise<ActivateResult> {
    const { store, flows, now } = this.parts
    const taken = this.taken
    this.taken = []
    const settled = settle(store, plan, before, now())
    const probed = plan.plan.settings.keepEstablished
      ? 0
      : await this.probe(plan, before, [...taken, ...settled.lost], flows)
    this.forgotten = false
    const { generation } = plan.plan
    const flush = this.flushLists(namesOf(settled))
    return { generation, flush, probed, moved: settled.moved, ms: now() - started }
  }

  private async probe(
    plan: LoadedPlan,
    before: LoadedPlan | undefined,
    lost: readonly LostPair[],
    flows: Pick<FlowWatch, 'probe'>,
  ): Promise<number> {
    const addresses = new Set(lost.map((pair) => pair.address))
    const everything = this.forgotten || before === undefined || !sameReach(before.plan, plan.plan)
    if (addresses.size === 0 && !everything) return 0
    return await flows.probe(plan, everything ? 'all' : addresses)
  }
}

function namesOf(settled: Settled): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>()
  const add = ({ group, name }: Binding) => {
    const known = names.get(group)
    if (known === undefined) names.set(group, new Set([name]))
    else known.add(name)
  }
  settled.stale.forEach(add)
  return names
}
