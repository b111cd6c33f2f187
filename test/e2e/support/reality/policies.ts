import type { OraclePolicy } from '../../../unit/plan/oracle.ts'
import type { Random } from './random.ts'

/** Names of the lab's internet that agents ask for: plain ones, chains, wildcards at several depths, rebinding, nothing. */
export const NAMES: readonly string[] = [
  ...['openai.com', 'api.openai.com', 'x.api.openai.com', 'api.anthropic.com', 'api.openrouter.ai'],
  ...['example.com', 'www.example.com', 'example.org', 'www.example.org', 'nothing.example.com', 'nothing.invalid'],
  ...['api-anthropic.edge-cdn.net', 'any.edge-cdn.net', 'internal.edge-cdn.net', 'collect.ads-tracker.net'],
  ...['api.partner.com', 'far.partner.com', 'hop1.partner.com', 'hop2.partner.com', 'www.partner.com'],
  ...['metadata', 'private', 'mixed', 'loop', 'mapped', 'nat64', 'sixtofour', 'gateway', 'client', 'chain'].map(
    (label) => `${label}.rebind.io`,
  ),
  ...['www.legacy.git-host.org', 'no.legacy.git-host.org', 'legacy.git-host.org', 'www.current.git-host.org'],
  ...['bogus.org', 'www.bogus.org', 'big.bulk.org', 'svc.bulk.org', 'loop1.bulk.org', 'link4.bulk.org'],
  ...['only4.bulk.org', 'only6.bulk.org', 'text.bulk.org'],
  ...['many.org', 'a.many.org', 'b.many.org', 'a.b.many.org', 'c.a.b.many.org', 'xmany.org'],
  ...['x.short.net', 'two.short.net', 'zero.short.net', 'h1.pool.net', 'h2.pool.net', 'h300.pool.net', 'a.h1.pool.net'],
]

const WILDCARDS = [
  ...['*.openai.com', '*.api.openai.com', '*.example.com', '*.example.org', '*.edge-cdn.net', '*.partner.com'],
  ...['*.ads-tracker.net', '*.rebind.io', '*.git-host.org', '*.legacy.git-host.org', '*.bulk.org', '*.many.org'],
  ...['*.b.many.org', '*.a.b.many.org', '*.short.net', '*.pool.net', '*.h1.pool.net', '*.bogus.org', '*.anthropic.com'],
]

const PREFIXES = [
  ...['1.2.3.0/24', '62.30.4.0/24', '62.30.10.1/32', '62.30.0.0/16', '62.40.0.0/20', '62.40.0.1/32', '62.30.99.1/32'],
  ...['10.99.0.0/16', '169.254.169.254/32', '192.168.1.1/32', '62.30.50.0/25', '62.10.0.1/32'],
  ...['2a0b:30:4::/48', '2a0b:30:10::1/128', '2a0b:30::/32', '2a0b:40::/112', '2a0b:30:99::/64', 'fd99::/16'],
  ...['64:ff9b::/96', '2002:a63:5::/48', 'fd00:ec2::254/128', '2a0b:30:50::/64'],
]

const PORTS = [22, 53, 80, 443, 853, 8080, '8000-8100', '400-500', 5353, '1-1024']
const LABELS = ['one', 'two', 'three']

function attributes(random: Random) {
  return {
    ...(random.chance(0.5) ? { ports: random.some(PORTS, 1 + random.upTo(2)) } : {}),
    ...(random.chance(0.4) ? { protocols: random.pick<('tcp' | 'udp')[]>([['tcp'], ['udp'], ['tcp', 'udp']]) } : {}),
    ...(random.chance(0.4) ? { label: random.pick(LABELS) } : {}),
  }
}

const label = (random: Random) => (random.chance(0.5) ? { label: random.pick(LABELS) } : {})

/** A policy that lists many of the names in one way or the other, and denies some of what it allows. */
export function randomPolicy(random: Random): OraclePolicy {
  const allowed = [...random.some(NAMES, 8 + random.upTo(14)), ...random.some(WILDCARDS, 3 + random.upTo(7))]
  const denied = [...random.some(NAMES, random.upTo(6)), ...random.some(WILDCARDS, random.upTo(2))]
  const listed = random.some(PREFIXES, random.upTo(7))
  const shut = random.some(PREFIXES, random.upTo(4))
  const tagged = [...random.some([...NAMES, ...WILDCARDS], random.upTo(8)), ...random.some(PREFIXES, random.upTo(4))]
  return {
    version: 1,
    allow: {
      domains: allowed.map((name) => (random.chance(0.5) ? name : { name, ...attributes(random) })),
      ips: listed.map((prefix) => (random.chance(0.5) ? prefix : { prefix, ...attributes(random) })),
      ...(random.chance(0.5) ? { ports: random.some(PORTS, 1 + random.upTo(3)) } : {}),
    },
    deny: {
      domains: denied.map((name) => (random.chance(0.5) ? name : { name, ...label(random) })),
      ips: shut.map((prefix) => (random.chance(0.5) ? prefix : { prefix, ...label(random) })),
    },
    labels: Object.fromEntries(tagged.map((key) => [key, random.pick(LABELS)])),
  }
}
