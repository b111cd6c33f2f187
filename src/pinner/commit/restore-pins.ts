import type { AddressKey, Binding } from '../book/binding.ts'
import type { LostPair, PinStore } from '../book/pin-store.ts'
import type { LoadedPlan } from '../policy/loaded-plan.ts'
import type { PolicyState } from '../policy/policy-state.ts'
import { standing } from './lost.ts'

export interface Restored {
  readonly pins: number
  /** Bindings whose addresses could not be put back: named must forget their names. */
  readonly failed: readonly Binding[]
}

/**
 * Puts every binding that all Plans concerned still justify into the kernel again, for the rest of its time: after the
 * table was lost, and when the pinner starts and cannot know what the kernel holds.
 */
export function restorePins(store: PinStore, policy: PolicyState): Restored {
  const { active, staged } = policy
  if (active === undefined || staged === 'unreadable') return { pins: 0, failed: [...store.book.all()] }
  const plans: LoadedPlan[] = staged === undefined ? [active] : [active, staged]
  store.forgetKernel()
  const pairs = new Map<string, LostPair>()
  for (const binding of store.book.all()) {
    for (const [address, times] of justified(binding, plans)) {
      for (const classKey of classesOf(binding, plans)) {
        const key = `${binding.group} ${classKey} ${address}`
        const known = pairs.get(key)
        const pinUntil = Math.max(times.pinUntil, known?.pinUntil ?? 0)
        const heldUntil = Math.max(times.heldUntil, known?.heldUntil ?? 0)
        pairs.set(key, { group: binding.group, classKey, address, pinUntil, heldUntil })
      }
    }
  }
  const failedPairs = store.put([...pairs.values()])
  const failed = failedPairs.flatMap(({ group, address }) => [...(store.book.entry(group, address)?.bindings ?? [])])
  return { pins: pairs.size - failedPairs.length, failed: [...new Set(failed)] }
}

function justified(binding: Binding, plans: readonly LoadedPlan[]) {
  const kept = plans.map((plan) => new Set<AddressKey>(standing(binding, plan).addresses))
  return [...binding.addresses].filter(([address]) => kept.every((each) => each.has(address)))
}

const classesOf = (binding: Binding, plans: readonly LoadedPlan[]): readonly string[] =>
  plans.reduce<readonly string[]>((keys, plan) => {
    const { classKeys } = plan.judge(binding.group, binding.name)
    return keys.filter((key) => classKeys.includes(key))
  }, binding.classKeys)
