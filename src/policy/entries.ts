import { formatPrefix } from '../base/address.ts'
import type { PortRange } from './ports.ts'
import type { EntryAttributes, ListName, Policy } from './types.ts'

/** One line of a policy, whichever form it was written in. */
export interface PolicyEntry {
  readonly list: ListName
  readonly what: 'domain' | 'address'
  /** In normal form. */
  readonly text: string
  readonly attributes: EntryAttributes
}

const LISTS: readonly ListName[] = ['allow', 'deny', 'label']

/** Every entry, part by part in their order; one that stands in several parts once, because it says the same there. */
export function* entriesOf(policy: Policy): Iterable<PolicyEntry> {
  const earlier = new Set<string>()
  const isNew = ({ list, text }: PolicyEntry) => policy.parts.length < 2 || !has(earlier, `${list} ${text}`)
  for (const { names, attributes, prefixes } of policy.parts) {
    for (let entry = 0; entry < names.size; entry++) {
      const list = LISTS[names.kind(entry) >> 1]!
      const found = {
        list,
        what: 'domain',
        text: names.text(entry),
        attributes: attributes[names.attributes[entry]!]!,
      } as const
      if (isNew(found)) yield found
    }
    for (const { list, prefix, attributes } of prefixes) {
      const found = { list, what: 'address', text: formatPrefix(prefix), attributes } as const
      if (isNew(found)) yield found
    }
  }
}

function has(set: Set<string>, key: string): boolean {
  const size = set.size
  return set.add(key).size === size
}

export const countEntries = (policy: Policy): number =>
  policy.parts.reduce((sum, { names, prefixes }) => sum + names.size + prefixes.length, 0)

/** `443` or `8000-8010`. */
export const portText = ({ first, last }: PortRange): string => (first === last ? `${first}` : `${first}-${last}`)
