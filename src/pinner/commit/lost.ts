import type { Binding } from '../book/binding.ts'
import type { Book } from '../book/book.ts'
import type { Pair } from '../book/kernel-sets.ts'
import type { Standing } from './standing.ts'

/**
 * The pairs the kernel holds that no binding justifies any more once the `changed` bindings are what is left of them.
 * An address that another allowed name leads to, in the same class, stays.
 */
export function lostPairs(book: Book, changed: ReadonlyMap<Binding, Standing>): Pair[] {
  const lost = new Map<string, Pair>()
  for (const { group, addresses } of changed.keys()) {
    for (const address of addresses.keys()) {
      const entry = book.entry(group, address)
      if (entry === undefined) continue
      for (const classKey of entry.sets.keys()) {
        const justified = [...entry.bindings].some((binding) => {
          const left = changed.get(binding)
          if (left === undefined) return binding.classKeys.includes(classKey)
          const kept = binding.classKeys.includes(classKey) && left.classKeys.includes(classKey)
          return kept && left.addresses.includes(address)
        })
        if (!justified) lost.set(`${group} ${classKey} ${address}`, { group, classKey, address })
      }
    }
  }
  return [...lost.values()]
}
