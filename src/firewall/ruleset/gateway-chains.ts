import { isIPv6 } from 'node:net'
import { type Family, familyOf, holds, isLinkLocal, type Prefix, parseAddress } from '../../base/address.ts'
import { ENDPOINTS } from '../../base/endpoints.ts'
import type { PlanSettings } from '../../plan/types.ts'
import { pingRules } from './client-limits.ts'
import { hex } from './mark-field.ts'
import type { Chain } from './text.ts'

/** Firewall mark of the prober's forged packets: they leave untracked. */
export const PROBE_MARK = 0x0c1a0000

export const quotedSet = (names: readonly string[]): string => `{ ${names.map((name) => `"${name}"`).join(', ')} }`

/**
 * Traffic between named, pinner and resolver on loopback is not tracked (one entry for every cache miss would fill the
 * table), and neither are the prober's packets.
 */
export function untrackedChains(): Chain[] {
  const { pinnerPort, upstreamPort, resolverSource, namedPort } = ENDPOINTS
  const onLoopback = (device: string) => [
    `${device} "lo" meta l4proto { tcp, udp } th dport { ${pinnerPort}, ${upstreamPort} } notrack`,
    `${device} "lo" meta l4proto { tcp, udp } th sport { ${pinnerPort}, ${upstreamPort} } notrack`,
    `${device} "lo" ip saddr ${resolverSource} meta l4proto { tcp, udp } th dport ${namedPort} notrack`,
    `${device} "lo" ip daddr ${resolverSource} meta l4proto { tcp, udp } th sport ${namedPort} notrack`,
  ]
  return [
    {
      name: 'untracked_in',
      base: 'type filter hook prerouting priority raw - 5; policy accept;',
      rules: onLoopback('iifname'),
    },
    {
      name: 'untracked_out',
      base: 'type filter hook output priority raw - 5; policy accept;',
      rules: [`meta mark ${hex(PROBE_MARK)} notrack accept`, ...onLoopback('oifname')],
    },
  ]
}

/** On-link prefixes by interface name. */
export type InterfaceNetworks = ReadonlyMap<string, readonly Prefix[]>

/**
 * Turns clients' queries, wherever they are addressed, to named on a listen address of the query's family: the one on
 * the interface's own network where that is known, else the first. Without one the query is refused further on.
 */
export function dnsChain(
  interfaces: readonly string[],
  listenAddresses: readonly string[],
  networks: InterfaceNetworks,
): Chain {
  const rules = listenTargets(interfaces, listenAddresses, networks).map(({ address, family, interfaces }) => {
    const [ip, to] = family === 4 ? ['ip', address] : ['ip6', `[${address}]`]
    return (
      `iifname ${quotedSet(interfaces)} meta nfproto ipv${family} meta l4proto { tcp, udp } th dport 53 ` +
      `dnat ${ip} to ${to}:${ENDPOINTS.namedPort}`
    )
  })
  return { name: 'dns', base: 'type nat hook prerouting priority dstnat - 5; policy accept;', rules }
}

/** The listen address that stands for the gateway on some client interfaces. */
export interface ListenTarget {
  readonly address: string
  readonly family: Family
  readonly interfaces: readonly string[]
}

/** For each interface and family: the listen address on the interface's own network where that is known, else the first. */
export function listenTargets(
  interfaces: readonly string[],
  listenAddresses: readonly string[],
  networks: InterfaceNetworks,
): ListenTarget[] {
  const targets = new Map<string, { family: Family; interfaces: string[] }>()
  for (const device of interfaces) {
    for (const family of [4, 6] as const) {
      const target = listenAddressFor(networks.get(device) ?? [], listenAddresses, family)
      if (target === undefined) continue
      const known = targets.get(target)
      if (known === undefined) targets.set(target, { family, interfaces: [device] })
      else known.interfaces.push(device)
    }
  }
  return [...targets].map(([address, target]) => ({ address, ...target }))
}

function listenAddressFor(
  networks: readonly Prefix[],
  listenAddresses: readonly string[],
  family: Family,
): string | undefined {
  const candidates = listenAddresses.filter((text) => {
    const bytes = parseAddress(text)
    return bytes !== undefined && familyOf(bytes) === family && !isLinkLocal(bytes)
  })
  const onLink = candidates.find((text) => networks.some((network) => holds(network, parseAddress(text)!)))
  return onLink ?? candidates[0]
}

/**
 * What reaches the gateway itself. Clients reach address configuration, neighbour discovery, VRRP and ping, and what
 * `services` admits; pings beyond a client's rate end in `tooFast`. Others never reach the private ports, of which
 * `privatePorts` are more. No rule here accepts what VyOS's own firewall would drop.
 */
export function inputChains(
  interfaces: readonly string[],
  servedSources: readonly string[],
  services: readonly string[],
  refusal: string,
  tooFast: string,
  privatePorts: readonly string[] = [],
): Chain[] {
  const refuse = `goto ${refusal}`
  return [
    {
      name: 'input',
      base: 'type filter hook input priority filter - 5; policy accept;',
      rules: [
        'iifname "lo" accept',
        `iifname ${quotedSet(interfaces)} goto from_client_to_gateway`,
        `meta l4proto { tcp, udp } th dport ${ENDPOINTS.namedPort} drop`,
        ...privatePorts,
        'ip daddr 127.0.0.0/8 drop',
      ],
    },
    {
      name: 'from_client_to_gateway',
      rules: [
        'ct state { established, related } ct direction reply accept',
        'ct state related meta l4proto { icmp, icmpv6 } accept',
        'icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit } ip6 hoplimit 255 accept',
        'meta nfproto ipv4 udp dport 67 accept',
        'meta nfproto ipv6 udp dport 547 accept',
        'meta l4proto vrrp accept',
        ...pingRules(tooFast),
        ...servedSources,
        ...services,
        // Other hosts' broadcasts are no attempt to reach the gateway, and must not be answered.
        `meta pkttype != host counter name "${refusal}" drop`,
        refuse,
      ],
    },
  ]
}

/** Admits queries that `dnsChain` has turned here, up to the client's rate, and nothing sent to named's port directly. */
export const DNS_SERVICE = `meta l4proto { tcp, udp } th dport ${ENDPOINTS.namedPort} ct status dnat goto dns_query`

/** Admits new and old packets to what the configuration opens to clients. */
export const clientServices = ({ clientServices = [] }: Pick<PlanSettings, 'clientServices'>): string[] =>
  clientServices.map(
    ({ address, port }) => `${isIPv6(address) ? 'ip6' : 'ip'} daddr ${address} tcp dport ${port} accept`,
  )
