import { CONTENT, FALSE_RESOLVERS, FORBIDDEN, poolHost } from '../../../../src/standalone/lab/internet/addresses.ts'
import type { Asked, Target } from '../agent-worker/index.ts'
import { canonical } from './canonical.ts'
import { NAMES } from './policies.ts'
import type { Random } from './random.ts'

const ELSEWHERE = [...FALSE_RESOLVERS, CONTENT.raw.v4, CONTENT.raw.v6, FORBIDDEN.private.v4]

/** Addresses that agents try without asking for a name first: content, forbidden ones, embedded forms, our own. */
const RAW = [
  ...Object.values({ ...CONTENT, ...FORBIDDEN, one: poolHost(1), two: poolHost(2) }).flatMap(({ v4, v6 }) => [v4, v6]),
  ...['62.30.50.5', '62.30.50.200', '2a0b:30:50::7', '62.10.0.1', '1.2.3.99', '9.9.9.9', '172.16.0.1', '10.99.0.6'],
  ...['64:ff9b::a63:5', '64:ff9b::3e1e:401', '2002:a63:5::1', '2002:3e1e:401::1', '2001:db8::1', 'fd99::5'],
  ...['62.10.0.2', '2a0b:10::2'],
].map(canonical)

const PORTS = [22, 80, 443, 450, 853, 1000, 5353, 8050, 8080, 65535]

export const randomQuestion = (random: Random, gateways: readonly string[]): Asked => ({
  name: random.pick(NAMES),
  type: random.chance(0.5) ? 'A' : 'AAAA',
  server: random.pick(random.chance(0.7) ? gateways : ELSEWHERE),
  transport: random.chance(0.3) ? 'tcp' : 'udp',
})

/** Flows to addresses that were just told, to some told before, and to raw ones; none twice. */
export function randomTargets(
  random: Random,
  told: readonly string[],
  before: readonly string[],
  neighbours: readonly string[],
): Target[] {
  const few = random.some([...new Set(told)], 40)
  const addresses = [...few, ...few, ...random.some(before, 20), ...random.some([...RAW, ...neighbours], 40)]
  const targets = addresses.map((address): Target => {
    const port = random.pick(PORTS)
    return { address, port, protocol: random.chance(0.65) ? 'tcp' : 'udp' }
  })
  return [...new Map(targets.map((target) => [`${target.address} ${target.port} ${target.protocol}`, target])).values()]
}
