import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { holds } from '../../base/address.ts'
import type { ReasonCode } from '../../base/reasons.ts'
import { judgeAddress, loadPlan } from '../../plan/index.ts'
import type { AddressVerdict, Group, Plan } from '../../plan/types.ts'

/** What a Plan says about a name, with keys that mean the same in every Plan. */
export interface NameJudgement {
  readonly allowed: boolean
  readonly reason: ReasonCode
  readonly classKeys: readonly string[]
  readonly wildcardOctets: number
  readonly wildcardSuffix?: string
}

const NO_GROUP: NameJudgement = { allowed: false, reason: 'dns.not-allowed', classKeys: [], wildcardOctets: 0 }

/** A Plan in memory, asked by keys of groups instead of indexes, which differ from Plan to Plan. */
export class LoadedPlan {
  readonly dir: string
  readonly plan: Plan
  private readonly groups: ReadonlyMap<string, Group>
  private readonly single: readonly (readonly string[])[]

  constructor(dir: string, plan: Plan) {
    this.dir = dir
    this.plan = plan
    this.single = plan.classes.map(({ key }) => [key])
    this.groups = new Map(plan.groups.map((group) => [group.key, group]))
  }

  /** Reads the compiled Plan in a generation's folder (or its `plan` folder). Throws ClawgressError. */
  static read(dir: string): LoadedPlan {
    const inside = join(dir, 'plan')
    return new LoadedPlan(dir, loadPlan(existsSync(inside) ? inside : dir))
  }

  group(key: string): Group | undefined {
    return this.groups.get(key)
  }

  /** Classes the Plan gives the name; none where it refuses it. */
  classKeysOf(groupKey: string, name: string): readonly string[] {
    const group = this.groups.get(groupKey)
    if (group === undefined) return NO_GROUP.classKeys
    const verdict = this.plan.names.judge(group.id, name)
    return verdict.allowed ? this.keysOf(verdict.classIds) : NO_GROUP.classKeys
  }

  judge(groupKey: string, name: string): NameJudgement {
    const group = this.groups.get(groupKey)
    if (group === undefined) return NO_GROUP
    const verdict = this.plan.names.judge(group.id, name)
    return {
      allowed: verdict.allowed,
      reason: verdict.reason,
      classKeys: this.keysOf(verdict.classIds),
      wildcardOctets: verdict.wildcardOctets,
      ...(verdict.wildcardSuffix === undefined ? {} : { wildcardSuffix: verdict.wildcardSuffix }),
    }
  }

  denied(groupKey: string, target: string): boolean {
    const group = this.groups.get(groupKey)
    return group === undefined || this.plan.names.denied(group.id, target)
  }

  judgeAddress(groupKey: string, address: Uint8Array): AddressVerdict {
    const group = this.groups.get(groupKey)
    if (group === undefined) return { pinnable: false, reason: 'dns.not-allowed' }
    return judgeAddress(this.plan, group.id, address)
  }

  /** Most names have one class: their lists of keys are shared. */
  private keysOf(ids: readonly number[]): readonly string[] {
    if (ids.length !== 1) return ids.map((id) => this.plan.classes[id]!.key)
    return this.single[ids[0]!]!
  }

  /** Does a prefix that the operator listed hold the address? */
  lists(groupKey: string, address: Uint8Array): boolean {
    return this.groups.get(groupKey)?.statics.some(({ prefix }) => holds(prefix, address)) ?? false
  }
}
