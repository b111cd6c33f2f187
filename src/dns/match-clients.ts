import { formatPrefix, holds, type Prefix } from '../base/address.ts'
import { probeAddress } from '../base/endpoints.ts'
import type { Group } from '../plan/types.ts'

/**
 * Address match list of a group's view: its own probe address and no other of loopback's, then its prefixes, with other
 * groups' longer prefixes inside them taken out. named takes the first element that matches (BIND ARM, "address match
 * lists"), so longest come first and the order of the views does not matter. The default group takes all that is left.
 */
export function matchClients(group: Group, groups: readonly Group[]): string[] {
  const own = [probeAddress(group.id), '!127.9.0.0/16']
  if (group.sources.length === 0 && group.id === 0) return [...own, 'any']
  const others = groups.filter((other) => other.id !== group.id).flatMap((other) => other.sources)
  const nested = others.filter((prefix) => group.sources.some((source) => isInside(prefix, source)))
  const elements = [
    ...group.sources.map((prefix) => ({ prefix, mark: '' })),
    ...nested.map((prefix) => ({ prefix, mark: '!' })),
  ]
  elements.sort((a, b) => b.prefix.length - a.prefix.length)
  return [...own, ...new Set(elements.map(({ prefix, mark }) => mark + formatPrefix(prefix)))]
}

const isInside = (inner: Prefix, outer: Prefix): boolean => inner.length > outer.length && holds(outer, inner.bytes)

/** Groups in the order of their views: those with the longest prefix first, the default group last. */
export function inViewOrder(groups: readonly Group[]): Group[] {
  const longest = (group: Group) => group.sources.reduce((most, { length }) => Math.max(most, length), -1)
  return [...groups].sort((a, b) => Number(a.id === 0) - Number(b.id === 0) || longest(b) - longest(a) || a.id - b.id)
}
