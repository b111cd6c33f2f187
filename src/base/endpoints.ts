/**
 * Addresses and ports of the parts on loopback. All of 127/8 is local to every network namespace; only named needs
 * listed interface addresses to listen on, so it listens on 127.0.0.1 (facts: BIND ignores listen-on for others).
 */
export const ENDPOINTS = {
  /** named: private port on the listen addresses and on 127.0.0.1. Clients' port 53 is redirected here. */
  namedPort: 5053,
  /** Why page: private ports on the listen addresses. Clients' ports 80 and 443 of those are redirected here. */
  whyPort: 5080,
  whyTlsPort: 5443,
  rndcPort: 9953,
  statisticsPort: 8953,
  /** Pinner: one address a group (see `pinnerAddress`), UDP and TCP. */
  pinnerPort: 5301,
  /** Pinner's source address towards named's resolver view, which is selected by it. */
  resolverSource: '127.0.0.53',
  /** Pinner's upstream side: named's resolver view forwards here when name-servers are configured. */
  upstreamAddress: '127.0.54.1',
  upstreamPort: 5302,
  /** NFLOG group of the ruleset's `log` statements, which ulogd2 listens to. Per network namespace. */
  nflogGroup: 5,
} as const

const octets = (index: number) => `${((index + 1) >> 8) & 255}.${(index + 1) & 255}`

/** Where named's view of group `index` forwards to: 127.53.x.y. */
export const pinnerAddress = (index: number): string => `127.53.${octets(index)}`

/** Source address that selects the view of group `index` for probes from the gateway itself: 127.9.x.y. */
export const probeAddress = (index: number): string => `127.9.${octets(index)}`
