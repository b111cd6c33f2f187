import type { Chain, NamedSet } from './text.ts'

/**
 * What one client may ask of the gateway itself. Members of the sets keep the rate they were made with until they have
 * been silent for the sets' timeout.
 */
const DNS_RATE = '500/second burst 1000 packets'
const PING_RATE = '50/second burst 100 packets'

const set = (name: string, type: string): NamedSet => ({
  name,
  kind: 'set',
  definition: `type ${type}; size 65536; flags dynamic,timeout; timeout 10s;`,
})

/** Buckets by client; an IPv6 client is its /64. A full set refuses whoever is not in it. */
export const CLIENT_LIMIT_SETS: readonly NamedSet[] = [
  set('dns4', 'ipv4_addr'),
  set('dns6', 'ipv6_addr'),
  set('ping4', 'ipv4_addr'),
  set('ping6', 'ipv6_addr'),
]

const CLIENT = { 4: 'ip saddr', 6: 'ip6 saddr & ffff:ffff:ffff:ffff::' } as const

/** Accepts up to the rate of the packet's client; queries are counted by client first, those over the rate too. */
const within = (kind: 'dns' | 'ping', family: 4 | 6, match: string): string => {
  const bound = kind === 'dns' ? `counter limit rate ${DNS_RATE}` : `limit rate ${PING_RATE}`
  return `${match} update @${kind}${family} { ${CLIENT[family]} ${bound} } accept`
}

/** Pings of the gateway; what is too much ends in `refusal`. */
export const pingRules = (refusal: string): string[] => [
  within('ping', 4, 'icmp type echo-request'),
  within('ping', 6, 'icmpv6 type echo-request'),
  `icmp type echo-request goto ${refusal}`,
  `icmpv6 type echo-request goto ${refusal}`,
]

/**
 * Entered by clients' queries: datagrams and new connections count, not the segments of a connection. No event tells of
 * their end (of the events, `label` never happens here): one for every query would cost what the log of flows may not.
 */
export const dnsLimitChain = (refusal: string): Chain => ({
  name: 'dns_query',
  rules: [
    'meta l4proto tcp ct state != new accept',
    'ct state new ct event set label',
    within('dns', 4, 'meta nfproto ipv4'),
    within('dns', 6, 'meta nfproto ipv6'),
    `goto ${refusal}`,
  ],
})
