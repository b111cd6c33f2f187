import { type MarkField, stamp } from './mark-field.ts'
import type { Chain } from './text.ts'

/** A segment that begins a connection (RFC 9293, 3.5): connection tracking takes any other one for a beginning, too. */
const BEGINS = 'tcp flags & (fin | syn | rst | ack) == syn'

/** Towards a well-known port, and from none: the other way round it is an answer whose flow has been forgotten. */
const UDP_SERVICE = 'udp sport >= 1024 udp dport < 1024'

/**
 * What of outside begins a flow with a client: such flows are never judged again, so nothing enters here that may be
 * the rest of a client's own. That is dropped without a word: the client's next packet has the flow judged as a new one.
 */
export function inboundChains(field: MarkField, udp: boolean): Chain[] {
  const services = udp ? [`${UDP_SERVICE} goto admit_inbound`] : []
  return [
    {
      name: 'begin_inbound',
      rules: [
        `${BEGINS} goto admit_inbound`,
        'icmp type echo-request goto admit_inbound',
        'icmpv6 type echo-request goto admit_inbound',
        ...services,
        'drop',
      ],
    },
    { name: 'admit_inbound', rules: [stamp(field, field.inbound)] },
  ]
}
