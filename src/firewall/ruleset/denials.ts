import { ENDPOINTS } from '../../base/endpoints.ts'
import type { ReasonCode } from '../../base/reasons.ts'
import type { Chain, NamedSet } from './text.ts'

/** Scope of denials that no group's policy decides. */
export const ANY_GROUP = 'any'

/** Octets of a packet that go into its record: room for the headers, and little of what it carries. */
const LOG_OCTETS = 128

const PER_CLIENT = 'limit rate 1000/second burst 1000 packets'
const TOTAL_LIMIT = 'log-total'

/** Denial records a second over all clients, and how many may come at once. */
export const DENIAL_LIMITS = [[TOTAL_LIMIT, '20000/second burst 20000 packets']] as const

/** Log buckets by client; an IPv6 client is its /64. A full set means no record, never a pass. */
export const DENIAL_SETS: readonly NamedSet[] = [
  { name: 'log4', kind: 'set', definition: 'type ipv4_addr; size 65536; flags dynamic,timeout; timeout 1m;' },
  { name: 'log6', kind: 'set', definition: 'type ipv6_addr; size 65536; flags dynamic,timeout; timeout 1m;' },
]

/** Records written, and denials over the limits that left none. */
export const LOG_COUNTERS = { logged: 'log.written', notLogged: 'log.omitted' } as const

/** Name of the chain that refuses for a reason, and of its counter. */
export const denialName = (scope: string, reason: ReasonCode): string => `deny.${scope}.${reason}`

export interface Denial {
  readonly scope: string
  readonly reason: ReasonCode
  /** Number of the generation, for the record. */
  readonly mark: number
  /** Chain that ends the packet, after counting and logging. */
  readonly end: string
  /** The packet may come from the other end: find the client by the flow. */
  readonly eitherDirection?: boolean
}

/** Counts every packet, logs up to the limits, then ends the packet. */
export function denialChain(denial: Denial): Chain {
  const name = denialName(denial.scope, denial.reason)
  const log = `log prefix "cg:g=${denial.scope};r=${denial.reason};m=${denial.mark}" group ${ENDPOINTS.nflogGroup} snaplen ${LOG_OCTETS}`
  const side = denial.eitherDirection === true ? 'ct original ' : ''
  const rule = (family: string, set: string, client: string) =>
    `meta nfproto ${family} update @${set} { ${client} ${PER_CLIENT} } limit name "${TOTAL_LIMIT}" ` +
    `counter name "${LOG_COUNTERS.logged}" ${log} goto ${denial.end}`
  return {
    name,
    rules: [
      `counter name "${name}"`,
      rule('ipv4', 'log4', `${side}ip saddr`),
      rule('ipv6', 'log6', `${side}ip6 saddr & ffff:ffff:ffff:ffff::`),
      `counter name "${LOG_COUNTERS.notLogged}"`,
      `goto ${denial.end}`,
    ],
  }
}
