import { compareBytes, type Prefix } from '../../base/address.ts'
import type { Plan } from '../../plan/types.ts'
import { type AddressKey, addressOf, type Binding } from '../book/binding.ts'
import type { Book } from '../book/book.ts'
import type { LoadedPlan } from '../policy/loaded-plan.ts'

/** What a Plan leaves of a binding. */
export interface Standing {
  /** Classes it gives the name; empty: the name, or where it leads, is refused. */
  readonly classKeys: readonly string[]
  readonly addresses: readonly AddressKey[]
}

const NOTHING: Standing = { classKeys: [], addresses: [] }

/** Judges the binding by the Plan alone: name, chain, and each of its addresses. */
export function standing(binding: Binding, plan: LoadedPlan): Standing {
  const classKeys = classesLeft(binding, plan)
  if (classKeys.length === 0) return NOTHING
  return { classKeys, addresses: [...binding.addresses.keys()].filter((key) => pinnable(binding, key, plan)) }
}

/**
 * The bindings that the Plan does not leave as they are, with what it leaves. `before`: the Plan by which all of them
 * were made, so that addresses need not be judged again where both judge addresses alike.
 */
export function changedStandings(book: Book, plan: LoadedPlan, before: LoadedPlan | undefined): Map<Binding, Standing> {
  const alike = before !== undefined && judgeAddressesAlike(before.plan, plan.plan)
  const changed = new Map<Binding, Standing>()
  for (const binding of book.all()) {
    const classKeys = classesLeft(binding, plan)
    const kept = sameKeys(classKeys, binding.classKeys) && (alike || allPinnable(binding, plan))
    if (!kept) changed.set(binding, standing(binding, plan))
  }
  return changed
}

function classesLeft(binding: Binding, plan: LoadedPlan): readonly string[] {
  const { group, name, targets } = binding
  const classKeys = plan.classKeysOf(group, name)
  for (const target of targets) if (plan.denied(group, target)) return []
  return classKeys
}

const pinnable = (binding: Binding, key: AddressKey, plan: LoadedPlan): boolean =>
  plan.judgeAddress(binding.group, addressOf(key)).pinnable

function allPinnable(binding: Binding, plan: LoadedPlan): boolean {
  for (const key of binding.addresses.keys()) if (!pinnable(binding, key, plan)) return false
  return true
}

export const sameKeys = (a: readonly string[], b: readonly string[]): boolean =>
  a === b || (a.length === b.length && a.every((key, i) => key === b[i]))

/** Do both Plans let names open the same addresses? Same groups, listed and denied prefixes, and own networks. */
function judgeAddressesAlike(a: Plan, b: Plan): boolean {
  return (
    samePrefixes(a.settings.ownPrefixes, b.settings.ownPrefixes) &&
    samePrefixes(a.settings.clientNetworks, b.settings.clientNetworks) &&
    a.groups.length === b.groups.length &&
    a.groups.every((group, i) => {
      const other = b.groups[i]!
      const listed = (statics: typeof group.statics) => statics.map((each) => each.prefix)
      return (
        group.key === other.key &&
        samePrefixes(group.sources, other.sources) &&
        samePrefixes(group.denyPrefixes, other.denyPrefixes) &&
        samePrefixes(listed(group.statics), listed(other.statics))
      )
    })
  )
}

export const samePrefix = (a: Prefix, b: Prefix): boolean =>
  a.length === b.length && compareBytes(a.bytes, b.bytes) === 0

export const samePrefixes = (a: readonly Prefix[], b: readonly Prefix[]): boolean =>
  a.length === b.length && a.every((prefix, i) => samePrefix(prefix, b[i]!))
