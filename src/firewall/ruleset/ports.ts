import type { PinClass, PortRange } from '../../plan/types.ts'

/** Matches a packet of a new connection to the class's ports; one text for each rule that is needed. */
export function newPortMatches(cls: PinClass): string[] {
  const tcp = portSet(cls.tcp)
  const udp = portSet(cls.udp)
  if (cls.tcp.length > 0 && tcp === udp) {
    return [tcp === ANY ? 'meta l4proto { tcp, udp }' : `meta l4proto { tcp, udp } th dport ${tcp}`]
  }
  const matches: string[] = []
  if (cls.tcp.length > 0) matches.push(tcp === ANY ? 'meta l4proto tcp' : `tcp dport ${tcp}`)
  if (cls.udp.length > 0) matches.push(udp === ANY ? 'meta l4proto udp' : `udp dport ${udp}`)
  return matches
}

/** Matches a packet, in either direction, of a flow that was opened to the class's ports. */
export function flowPortMatches(cls: PinClass): string[] {
  const match = (protocol: string, ranges: readonly PortRange[]) => {
    if (ranges.length === 0) return []
    const ports = portSet(ranges)
    return [ports === ANY ? `meta l4proto ${protocol}` : `meta l4proto ${protocol} ct reply proto-src ${ports}`]
  }
  return [...match('tcp', cls.tcp), ...match('udp', cls.udp)]
}

const ANY = ''

/** Ranges joined and sorted, as an anonymous set; empty text for every port. */
function portSet(ranges: readonly PortRange[]): string {
  const joined: { first: number; last: number }[] = []
  for (const range of [...ranges].sort((a, b) => a.first - b.first)) {
    const previous = joined.at(-1)
    if (previous !== undefined && range.first <= previous.last + 1) previous.last = Math.max(previous.last, range.last)
    else joined.push({ ...range })
  }
  if (joined.length === 1 && joined[0]!.first <= 1 && joined[0]!.last === 65535) return ANY
  return `{ ${joined.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(', ')} }`
}
