/**
 * Addresses of the lab's internet. Names may only open ordinary global unicast addresses (documentation and benchmark
 * prefixes are refused as rebinding), so these are ordinary ones; they live and die inside the lab's namespaces.
 */
export interface Host {
  readonly v4: string
  readonly v6: string
}

const host = (v4: string, v6: string): Host => ({ v4, v6 })

export const NAME_SERVERS = {
  root: host('62.20.0.1', '2a0b:20::1'),
  tld: host('62.20.0.2', '2a0b:20::2'),
  hosting: host('62.20.0.3', '2a0b:20::3'),
} as const

/** A recursive, validating resolver for tests of configured name-servers: UDP, TCP, and TLS on 853. */
export const PUBLIC_RESOLVER = host('62.20.53.53', '2a0b:20:53::53')

/** Name server that never answers. */
export const SILENT_SERVER = host('62.20.66.66', '2a0b:20:66::66')

/** Resolvers of others: answer every question with `FALSE_ANSWER`, so that an answer of theirs is known by sight. */
export const FALSE_RESOLVERS = ['8.8.8.8', '1.1.1.1', '2001:4860:4860::8888', '2606:4700:4700::1111'] as const
export const FALSE_ANSWER = host('62.66.66.66', '2a0b:66::66')

export const CONTENT = {
  openai: host('62.30.1.1', '2a0b:30:1::1'),
  openaiSub: host('62.30.1.2', '2a0b:30:1::2'),
  openrouter: host('62.30.2.1', '2a0b:30:2::1'),
  edge: host('62.30.3.1', '2a0b:30:3::1'),
  example: host('62.30.4.1', '2a0b:30:4::1'),
  tracker: host('62.30.5.1', '2a0b:30:5::1'),
  git: host('62.30.6.1', '2a0b:30:6::1'),
  bogus: host('62.30.7.1', '2a0b:30:7::1'),
  signed: host('62.30.8.1', '2a0b:30:8::1'),
  short: host('62.30.9.1', '2a0b:30:9::1'),
  many: host('62.30.10.1', '2a0b:30:10::1'),
  changing: host('62.30.11.1', '2a0b:30:11::1'),
  service: host('62.30.12.1', '2a0b:30:12::1'),
  /** No name leads here. */
  raw: host('62.30.99.1', '2a0b:30:99::1'),
  /** In the prefix that the first example of the policy lists. */
  listed: host('1.2.3.4', '2a0b:30:98::4'),
} as const satisfies Record<string, Host>

/** Addresses that no name may open; the internet answers on them, so that a leak would show. */
export const FORBIDDEN = {
  metadata: host('169.254.169.254', 'fd00:ec2::254'),
  private: host('10.99.0.5', 'fd99::5'),
  other: host('192.168.1.1', 'fd99::6'),
} as const satisfies Record<string, Host>

/** Everything the internet claims as its own. */
export const INTERNET_PREFIXES = {
  v4: [
    ...['62.20.0.0/16', '62.30.0.0/16', '62.40.0.0/16', '62.66.0.0/16', '1.2.3.0/24', '8.8.8.8/32', '1.1.1.1/32'],
    ...['169.254.169.254/32', '10.99.0.0/16', '192.168.0.0/16', '172.16.0.0/12'],
  ],
  v6: [
    ...['2a0b:20::/32', '2a0b:30::/32', '2a0b:40::/32', '2a0b:66::/32'],
    ...['2001:4860:4860::8888/128', '2606:4700:4700::1111/128', 'fd00:ec2::254/128', 'fd99::/16'],
  ],
} as const

/** Addresses of `h<n>.pool.net`: one of each family for every n. */
export const poolHost = (n: number): Host =>
  host(`62.40.${(n >> 8) & 255}.${n & 255}`, `2a0b:40::${(n + 1).toString(16)}`)
export const POOL_SIZE = 4096

/** Where UDP servers listen: a reply must leave from the address that was asked, which takes a socket for each. */
export const UDP_HOSTS: readonly string[] = [
  ...Object.values(CONTENT).flatMap(({ v4, v6 }) => [v4, v6]),
  ...Object.values(FORBIDDEN).flatMap(({ v4, v6 }) => [v4, v6]),
  ...FALSE_RESOLVERS,
]
