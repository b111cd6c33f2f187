import { sites, type Zone } from '../../../../src/standalone/lab/internet/zones.ts'
import { canonical } from './canonical.ts'

/** What the lab's internet says to a question, before any policy. */
export interface Resolved {
  /** `SERVFAIL` also for what does not validate or runs in a circle. */
  readonly status: 'NOERROR' | 'NXDOMAIN' | 'SERVFAIL'
  /** Every name after the asked one. */
  readonly targets: readonly string[]
  readonly addresses: readonly string[]
  /** Seconds: the least of the chain. */
  readonly ttl: number
}

interface Line {
  readonly owner: string
  readonly ttl: number
  readonly type: string
  readonly data: string
}

const absolute = (name: string, zone: Zone): string =>
  name === '@' ? zone.name : name.endsWith('.') ? name.slice(0, -1) : `${name}.${zone.name}`

const linesOf = (zone: Zone): Line[] =>
  zone.records.map((record) => {
    const [owner, ttl, , type, ...data] = record.split(' ')
    return { owner: absolute(owner!, zone), ttl: Number(ttl), type: type!, data: data.join(' ') }
  })

const ZONES = sites().map((zone) => ({ zone, lines: linesOf(zone) }))

const isBelow = (name: string, above: string): boolean => name.endsWith(`.${above}`)

/** Follows the zones' own text, as a resolver that validates would (RFC 1034, section 4.3.2; RFC 4592; RFC 6672). */
export function resolve(name: string, type: 'A' | 'AAAA'): Resolved {
  const targets: string[] = []
  let ttl = Number.POSITIVE_INFINITY
  const end = (status: Resolved['status'], addresses: readonly string[] = []): Resolved => ({
    status,
    targets,
    addresses,
    ttl,
  })
  for (let current = name; ; ) {
    if (targets.filter((target) => target === current).length > 1) return end('SERVFAIL')
    const found = ZONES.find(({ zone }) => current === zone.name || isBelow(current, zone.name))
    if (found === undefined) return end('NXDOMAIN')
    const { zone, lines } = found
    if (zone.security === 'bogus') return end('SERVFAIL')
    const here = linesAt(current, zone, lines)
    const alias = here?.find((line) => line.type === 'CNAME')
    const dname = lines.find((line) => line.type === 'DNAME' && isBelow(current, line.owner))
    const link = dname ?? alias
    if (link === undefined) {
      const records = (here ?? []).filter((line) => line.type === type)
      for (const record of records) ttl = Math.min(ttl, record.ttl)
      const addresses = records.map((record) => canonical(record.data))
      return end(here === undefined ? 'NXDOMAIN' : 'NOERROR', addresses)
    }
    ttl = Math.min(ttl, link.ttl)
    const target = absolute(link.data, zone)
    current = link === dname ? `${current.slice(0, -dname.owner.length - 1)}.${target}` : target
    targets.push(current)
  }
}

/** Records of the name, by a wildcard where it does not exist; empty for a name that only others stand below. */
function linesAt(name: string, zone: Zone, lines: readonly Line[]): readonly Line[] | undefined {
  const exact = lines.filter((line) => line.owner === name)
  if (exact.length > 0 || name === zone.name || exists(name, lines)) return exact
  let closest = name
  while (closest !== zone.name && !exists(closest, lines)) closest = closest.slice(closest.indexOf('.') + 1)
  const wild = lines.filter((line) => line.owner === `*.${closest}`)
  return wild.length > 0 ? wild : undefined
}

const exists = (name: string, lines: readonly Line[]): boolean =>
  lines.some((line) => line.owner === name || isBelow(line.owner, name))
