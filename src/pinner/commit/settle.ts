import { type AddressKey, type Binding, pinnedUntil } from '../book/binding.ts'
import { detachLine } from '../book/journal-line.ts'
import type { LostPair, PinStore } from '../book/pin-store.ts'
import type { LoadedPlan } from '../policy/loaded-plan.ts'
import { lostPairs, type Standing, standings } from './lost.ts'

/** What a change of Plan did to the pins. */
export interface Settled {
  /** Bindings whose names named must forget: refused now, or their addresses changed. */
  readonly stale: readonly Binding[]
  readonly lost: readonly LostPair[]
  readonly moved: number
}

/**
 * Makes the book and the kernel say what the Plan says: pairs it does not justify are taken, bindings it refuses are
 * forgotten, and those that it puts into other classes are pinned there for the rest of their time.
 * Throws ClawgressError where the kernel or the journal refuses a removal.
 */
export function settle(store: PinStore, plan: LoadedPlan, now: number): Settled {
  const after = standings(store.book, plan)
  const lost = store.take(lostPairs(store.book, after), plan.plan.settings.keepEstablished)
  const stale: Binding[] = []
  const refused: Binding[] = []
  const missing: LostPair[] = []
  const changed: Binding[] = []
  let lines = ''
  for (const [binding, left] of after) {
    const told = pinnedUntil(binding) > now
    if (left.classKeys.length === 0 || left.addresses.length === 0) {
      refused.push(binding)
      if (told) stale.push(binding)
      continue
    }
    const gone = [...binding.addresses.keys()].filter((address) => !left.addresses.includes(address))
    if (told && (gone.length > 0 || binding.partial)) stale.push(binding)
    if (gone.length > 0) lines += detachLine(binding, gone)
    for (const address of gone) store.book.detach(binding, address)
    if (!sameKeys(binding.classKeys, left.classKeys)) changed.push(binding)
    binding.classKeys = left.classKeys
    missing.push(...missingPairs(store, binding, left))
  }
  store.noteLines(lines)
  store.forget(refused)
  store.note(changed)
  const failed = store.put(missing)
  for (const { group, address } of failed) stale.push(...(store.book.entry(group, address)?.bindings ?? []))
  return { stale: [...new Set(stale)], lost, moved: missing.length - failed.length }
}

const sameKeys = (a: readonly string[], b: readonly string[]) =>
  a.length === b.length && a.every((key, i) => key === b[i])

/** Pairs that the binding justifies and the kernel, as far as we know, does not hold. */
function missingPairs(store: PinStore, binding: Binding, left: Standing): LostPair[] {
  const missing: LostPair[] = []
  for (const address of left.addresses as readonly AddressKey[]) {
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
