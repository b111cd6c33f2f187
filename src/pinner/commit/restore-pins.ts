import { setImmediate } from 'node:timers/promises'
import type { Binding } from '../book/binding.ts'
import type { LostPair, PinStore } from '../book/pin-store.ts'
import type { LoadedPlan } from '../policy/loaded-plan.ts'
import type { PolicyState } from '../policy/policy-state.ts'
import { standing } from './standing.ts'

export interface Restored {
  readonly pins: number
  /** Bindings whose addresses could not be put back: named must forget their names. */
  readonly failed: readonly Binding[]
}

/** Bindings whose pins go to the kernel at a time; questions are answered in between. */
const CHUNK = 100

/**
 * Puts every binding that all Plans concerned still justify into the kernel again, for the rest of its time: after the
 * table was lost, and when the pinner starts and cannot know what the kernel holds.
 */
export async function restorePins(store: PinStore, policy: PolicyState): Promise<Restored> {
  const { active, staged } = policy
  if (active === undefined || staged === 'unreadable') return { pins: 0, failed: [...store.book.all()] }
  const plans: LoadedPlan[] = staged === undefined ? [active] : [active, staged]
  store.forgetKernel()
  const bindings = [...store.book.all()]
  const failed = new Set<Binding>()
  let pins = 0
  for (let first = 0; first < bindings.length; first += CHUNK) {
    const pairs = bindings.slice(first, first + CHUNK).flatMap((binding) => missingPairs(store, binding, plans))
    const refused = store.put(pairs)
    pins += pairs.length - refused.length
    for (const { group, address } of refused) {
      for (const binding of store.book.entry(group, address)?.bindings ?? []) failed.add(binding)
    }
    await setImmediate()
  }
  return { pins, failed: [...failed] }
}

function missingPairs(store: PinStore, binding: Binding, plans: readonly LoadedPlan[]): LostPair[] {
  const left = plans.map((plan) => standing(binding, plan))
  const pairs: LostPair[] = []
  for (const [address, times] of binding.addresses) {
    if (!left.every(({ addresses }) => addresses.includes(address))) continue
    const sets = store.book.entry(binding.group, address)?.sets
    for (const classKey of binding.classKeys) {
      if (!left.every(({ classKeys }) => classKeys.includes(classKey))) continue
      const known = sets?.get(classKey)
      const pinUntil = Math.max(times.pinUntil, known?.pinUntil ?? 0)
      const heldUntil = Math.max(times.heldUntil, known?.heldUntil ?? 0)
      // Another name of the same address may have put it back already, for longer.
      if (known !== undefined && known.pinUntil === pinUntil && known.heldUntil === heldUntil) continue
      pairs.push({ group: binding.group, classKey, address, pinUntil, heldUntil })
    }
  }
  return pairs
}
