import { type AddressKey, addressOf, type Binding } from '../book/binding.ts'
import type { Book } from '../book/book.ts'
import type { Pair } from '../book/kernel-sets.ts'
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
  const { group, name, targets } = binding
  const verdict = plan.judge(group, name)
  if (!verdict.allowed || targets.some((target) => plan.denied(group, target))) return NOTHING
  const addresses = [...binding.addresses.keys()].filter((key) => plan.judgeAddress(group, addressOf(key)).pinnable)
  return { classKeys: verdict.classKeys, addresses }
}

export const standings = (book: Book, plan: LoadedPlan): Map<Binding, Standing> =>
  new Map([...book.all()].map((binding) => [binding, standing(binding, plan)]))

/**
 * The pairs the kernel holds that no binding justifies any more. An address that another allowed name leads to, in the
 * same class, stays.
 */
export function lostPairs(book: Book, after: ReadonlyMap<Binding, Standing>): Pair[] {
  const lost: Pair[] = []
  for (const group of book.groupKeys()) {
    for (const [address, entry] of book.entriesOf(group)) {
      for (const classKey of entry.sets.keys()) {
        const justified = [...entry.bindings].some((binding) => {
          const left = after.get(binding)!
          return (
            binding.classKeys.includes(classKey) &&
            left.classKeys.includes(classKey) &&
            left.addresses.includes(address)
          )
        })
        if (!justified) lost.push({ group, classKey, address })
      }
    }
  }
  return lost
}
