import type { PinClass, PortRange } from '../../plan/types.ts'
import { contentSet, type NamedSet } from './text.ts'

/**
 * A list of ports as nft takes it behind `dport`. Several ports are a named set that all groups share: the kernel's
 * time to load a ruleset grows with the square of the number of sets in it, and sets written into rules count.
 */
export interface PortList {
  /** Empty: every port. */
  readonly text: string
  readonly set?: NamedSet
}

/** Ranges are sorted, and joined where they touch. */
export function portList(ranges: readonly PortRange[]): PortList {
  const joined: { first: number; last: number }[] = []
  for (const range of [...ranges].sort((a, b) => a.first - b.first)) {
    const previous = joined.at(-1)
    if (previous !== undefined && range.first <= previous.last + 1) previous.last = Math.max(previous.last, range.last)
    else joined.push({ ...range })
  }
  const texts = joined.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`))
  const [only, ...others] = joined
  if (only !== undefined && others.length === 0) {
    return { text: only.first <= 1 && only.last === 65535 ? '' : texts[0]! }
  }
  const set = contentSet('ports', 'set', 'type inet_service; flags interval;', texts)
  return { text: `@${set.name}`, set }
}

/** How rules match the ports of a class; one text for each rule that is needed, empty for one that matches all. */
export interface PortMatches {
  /** For a TCP or UDP packet of a new connection. */
  readonly fresh: readonly string[]
  /** For a packet, in either direction, of a flow that was opened to the ports. */
  readonly old: readonly string[]
  readonly sets: readonly NamedSet[]
}

export function portMatches(cls: PinClass): PortMatches {
  const protocols = [
    { name: 'tcp', ranges: cls.tcp },
    { name: 'udp', ranges: cls.udp },
  ]
  const open = protocols
    .filter(({ ranges }) => ranges.length > 0)
    .map(({ name, ranges }) => ({ name, list: portList(ranges) }))
  const [tcp, udp] = open
  const both = tcp !== undefined && udp !== undefined && tcp.list.text === udp.list.text
  const fresh = both
    ? [tcp.list.text === '' ? '' : `th dport ${tcp.list.text}`]
    : open.map(({ name, list }) => (list.text === '' ? `meta l4proto ${name}` : `${name} dport ${list.text}`))
  return {
    fresh,
    old: open.map(({ name, list }) =>
      list.text === '' ? `meta l4proto ${name}` : `meta l4proto ${name} ct reply proto-src ${list.text}`,
    ),
    sets: open.flatMap(({ list }) => list.set ?? []),
  }
}
