import { type Binding, pinnedUntil } from '../book/binding.ts'
import { detachLine } from '../book/journal-line.ts'
import type { LostPair, PinStore } from '../book/pin-store.ts'
import type { LoadedPlan } from '../policy/loaded-plan.ts'
import { lostPairs } from './lost.ts'
import { changedStandings, type Standing, sameKeys } from './standing.ts'

/** What a change of Plan did to the pins. */
export interface Settled {
  /** Bindings whose names named must forget: refused now, or their addresses changed. */
  readonly stale: readonly Binding[]
  readonly lost: readonly LostPair[]
  readonly moved: number
}

/**
 * Makes the book and the kernel say what the Plan says: pairs it does not justify are taken, bindings it refuses are
 * forgotten, and those that it puts into other classes are pinned there for the rest of their time. `before`: the Plan
 * the bindings were made by. Throws ClawgressError where the kernel or the journal refuses a removal.
 */
export function settle(store: PinStore, plan: LoadedPlan, before: LoadedPlan | undefined, now: number): Settled {
  const changed = changedStandings(store.book, plan, before)
  const lost = store.take(lostPairs(store.book, changed), plan.plan.settings.keepEstablished)
  const stale: Binding[] = before === plan ? [] : [...partial(store, now)]
  const refused: Binding[] = []
  const moved: Binding[] = []
  const missing: LostPair[] = []
  let lines = ''
  for (const [binding, left] of changed) {
    const told = pinnedUntil(binding) > now
    if (left.classKeys.length === 0 || left.addresses.length === 0) {
      refused.push(binding)
      if (told) stale.push(binding)
      continue
    }
    const gone = [...binding.addresses.keys()].filter((address) => !left.addresses.includes(address))
    if (told && gone.length > 0) stale.push(binding)
    if (gone.length > 0) lines += detachLine(binding, gone)
    for (const address of gone) store.book.detach(binding, address)
    if (!sameKeys(binding.classKeys, left.classKeys)) moved.push(binding)
    binding.classKeys = left.classKeys
    missing.push(...missingPairs(store, binding, left))
  }
  store.noteLines(lines)
  store.forget(refused)
  store.note(moved)
  const failed = store.put(missing)
  for (const { group, address } of failed) stale.push(...(store.book.entry(group, address)?.bindings ?? []))
  return { stale: [...new Set(stale)], lost, moved: missing.length - failed.length }
}

/** Names of which named tells fewer addresses than another Plan may let it. */
function* partial(store: PinStore, now: number): Generator<Binding> {
  for (const binding of store.book.all()) if (binding.partial && pinnedUntil(binding) > now) yield binding
}

/** Pairs that the binding justifies and the kernel, as far as we know, does not hold. */
function missingPairs(store: PinStore, binding: Binding, left: Standing): LostPair[] {
  const missing: LostPair[] = []
  for (const address of left.addresses) {
    const entry = store.book.entry(binding.group, address)!
    const times = binding.addresses.get(address)!
    for (const classKey of left.classKeys) {
      const known = entry.sets.get(classKey)
      if (known !== undefined && known.pinUntil >= times.pinUntil) continue
      missing.push({ group: binding.group, classKey, address, ...times })
    }
  }
  return missing
}
