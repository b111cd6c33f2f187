import { CONTENT, FORBIDDEN, type Host, NAME_SERVERS, POOL_SIZE, PUBLIC_RESOLVER, poolHost } from './addresses.ts'

/** A zone of the lab's internet, before signing. Owners in `records` are relative to the zone. */
export interface Zone {
  /** Without the trailing dot; empty for the root. */
  readonly name: string
  /** `bogus`: the parent's DS does not fit, so that every validating resolver refuses the zone. */
  readonly security: 'signed' | 'unsigned' | 'bogus'
  readonly server: keyof typeof NAME_SERVERS
  /** Where the parent says the zone is served, if not on `server`. */
  readonly delegatedTo?: string
  /** Accepts dynamic updates from inside the internet. */
  readonly dynamic?: boolean
  readonly records: readonly string[]
}

const both = (owner: string, { v4, v6 }: Host, ttl = 300): string[] => [
  `${owner} ${ttl} IN A ${v4}`,
  `${owner} ${ttl} IN AAAA ${v6}`,
]

const count = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i))

const site = (name: string, security: Zone['security'], records: readonly string[]): Zone => ({
  name,
  security,
  server: 'hosting',
  records,
})

/** What each zone is there to show is told by its records. */
const SITES: readonly Zone[] = [
  site('openai.com', 'signed', [
    ...both('@', CONTENT.openai),
    ...both('api', CONTENT.openai),
    ...both('x.api', CONTENT.openaiSub),
  ]),
  site('anthropic.com', 'signed', ['api 300 IN CNAME api-anthropic.edge-cdn.net.']),
  site('edge-cdn.net', 'signed', [
    ...both('api-anthropic', CONTENT.edge, 120),
    ...both('*', CONTENT.edge, 120),
    'internal 120 IN A 10.99.0.6',
    'internal 120 IN AAAA fd99::6',
  ]),
  site('openrouter.ai', 'unsigned', both('api', CONTENT.openrouter)),
  site('example.com', 'signed', [...both('@', CONTENT.example), ...both('www', CONTENT.example)]),
  site('example.org', 'unsigned', [...both('@', CONTENT.example), ...both('www', CONTENT.example)]),
  site('partner.com', 'signed', [
    'api 300 IN CNAME collect.ads-tracker.net.',
    'far 300 IN CNAME hop1.partner.com.',
    'hop1 300 IN CNAME hop2.partner.com.',
    'hop2 300 IN CNAME collect.ads-tracker.net.',
    ...both('www', CONTENT.signed),
  ]),
  site('ads-tracker.net', 'unsigned', both('collect', CONTENT.tracker)),
  site('rebind.io', 'unsigned', [
    ...both('metadata', FORBIDDEN.metadata),
    ...both('private', FORBIDDEN.private),
    'private 300 IN A 192.168.1.1',
    'mixed 300 IN A 62.30.4.1',
    'mixed 300 IN A 10.99.0.5',
    'mixed 300 IN AAAA 2a0b:30:4::1',
    'mixed 300 IN AAAA fd99::5',
    'loop 300 IN A 127.0.0.1',
    'loop 300 IN AAAA ::1',
    'mapped 300 IN AAAA ::ffff:10.99.0.5',
    'nat64 300 IN AAAA 64:ff9b::a63:5',
    'sixtofour 300 IN AAAA 2002:a63:5::1',
    'gateway 300 IN A 62.10.0.2',
    'gateway 300 IN AAAA 2a0b:10::2',
    'client 300 IN A 10.77.2.10',
    'client 300 IN AAAA fd77:2::10',
    'chain 300 IN CNAME internal.edge-cdn.net.',
    'hints 300 IN HTTPS 1 . ipv4hint=10.99.0.5 ipv6hint=fd99::5',
  ]),
  site('git-host.org', 'signed', ['legacy 300 IN DNAME current.git-host.org.', ...both('www.current', CONTENT.git)]),
  site('bogus.org', 'bogus', [...both('@', CONTENT.bogus), ...both('www', CONTENT.bogus)]),
  site('bulk.org', 'signed', [
    ...count(100, (i) => `big 300 IN A 62.30.50.${i + 1}`),
    ...count(30, (i) => `big 300 IN AAAA 2a0b:30:50::${(i + 1).toString(16)}`),
    ...both('svc', CONTENT.service),
    `svc 300 IN HTTPS 1 . alpn=h2,h3 ipv4hint=${CONTENT.service.v4} ipv6hint=${CONTENT.service.v6}`,
    '_srv._tcp 300 IN SRV 0 0 443 svc',
    '@ 300 IN MX 10 mail',
    ...both('mail', CONTENT.service),
    'text 300 IN TXT "hello"',
    'loop1 300 IN CNAME loop2',
    'loop2 300 IN CNAME loop1',
    ...count(10, (i) => `link${i} 300 IN CNAME link${i + 1}`),
    ...both('link10', CONTENT.signed),
    'only4 300 IN A 62.30.8.1',
    'only6 300 IN AAAA 2a0b:30:8::1',
  ]),
  site('many.org', 'unsigned', both('*', CONTENT.many, 3600)),
  site('short.net', 'unsigned', [
    ...both('*', CONTENT.short, 1),
    ...both('two', CONTENT.short, 2),
    ...both('zero', CONTENT.short, 0),
  ]),
  site('pool.net', 'unsigned', count(POOL_SIZE, (i) => both(`h${i}`, poolHost(i))).flat()),
  { ...site('changing.net', 'unsigned', both('api', CONTENT.changing, 2)), dynamic: true },
  { ...site('silent.net', 'unsigned', both('www', CONTENT.example)), delegatedTo: 'ns.silent-servers.net.' },
  site('resolver.net', 'signed', both('dns', PUBLIC_RESOLVER)),
]

const TLDS = ['com', 'org', 'net', 'ai', 'io'] as const

const HOSTING_SERVER = 'ns.host-servers.net.'
const TLD_SERVER = 'ns.tld-servers.net.'
const ROOT_SERVER = 'a.root-servers.net.'
const serverOf = { root: ROOT_SERVER, tld: TLD_SERVER, hosting: HOSTING_SERVER } as const

const SILENT_GLUE = ['ns.silent-servers 3600 IN A 62.20.66.66', 'ns.silent-servers 3600 IN AAAA 2a0b:20:66::66']

const isBelow = (name: string, tld: string) => name.endsWith(`.${tld}`)

function delegation(zone: Zone, ds: ReadonlyMap<string, string>): string[] {
  const server = zone.delegatedTo ?? serverOf[zone.server]
  const digest = ds.get(zone.name)
  return [`${zone.name}. 3600 IN NS ${server}`, ...(digest === undefined ? [] : [digest])]
}

/** Zones of organisations. */
export const sites = (): readonly Zone[] => SITES

/** Top-level zones; `ds` holds the DS records of their signed children, by zone name. */
export function topLevel(ds: ReadonlyMap<string, string>): Zone[] {
  return TLDS.map((name) => ({
    name,
    security: 'signed',
    server: 'tld',
    records: [
      ...SITES.filter((zone) => isBelow(zone.name, name)).flatMap((zone) => delegation(zone, ds)),
      ...(name === 'net' ? [...serverAddresses('net'), ...SILENT_GLUE] : []),
    ],
  }))
}

/** Names of the name servers themselves, which live in `net`. */
function serverAddresses(tld: string): string[] {
  const inside = (server: string) => server.slice(0, -`.${tld}.`.length)
  return [
    ...both(inside(HOSTING_SERVER), NAME_SERVERS.hosting, 3600),
    ...both(inside(TLD_SERVER), NAME_SERVERS.tld, 3600),
    ...both(inside(ROOT_SERVER), NAME_SERVERS.root, 3600),
  ]
}

export function root(ds: ReadonlyMap<string, string>): Zone {
  const tlds = topLevel(new Map())
  return {
    name: '',
    security: 'signed',
    server: 'root',
    records: [
      ...tlds.flatMap((zone) => delegation(zone, ds)),
      ...both(TLD_SERVER, NAME_SERVERS.tld, 3600),
      ...both(ROOT_SERVER, NAME_SERVERS.root, 3600),
    ],
  }
}

/** Zone file text (RFC 1035, section 5). */
export function printZone(zone: Zone): string {
  const server = serverOf[zone.server]
  return [
    `$ORIGIN ${zone.name}.`,
    '$TTL 300',
    `@ IN SOA ${server} hostmaster.host-servers.net. 1 3600 600 86400 5`,
    `@ 3600 IN NS ${server}`,
    ...zone.records,
    '',
  ].join('\n')
}

/** Root hints of the lab, in the form of Debian's `/usr/share/dns/root.hints`. */
export const rootHints = (): string =>
  `${[`. 3600000 IN NS ${ROOT_SERVER}`, ...both(ROOT_SERVER, NAME_SERVERS.root, 3_600_000)].join('\n')}\n`

/** Every name with addresses, those below a DNAME too, and each zone's own, for the certificate. */
export function certificateNames(): string[] {
  const names = new Set<string>(['www.legacy.git-host.org'])
  for (const zone of SITES) {
    names.add(zone.name).add(`*.${zone.name}`)
    for (const record of zone.records) {
      const owner = record.split(' ', 1)[0]!
      if (owner.split('.').length > 1 && !owner.includes('_')) names.add(`${owner}.${zone.name}`)
    }
  }
  return [...names].sort()
}
