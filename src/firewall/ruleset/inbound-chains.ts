import { type MarkField, stamp } from './mark-field.ts'
import type { Chain } from './text.ts'

/** A segment that begins a connection (RFC 9293, 3.5): connection tracking takes any other one for a beginning, too. */
const BEGINS = 'tcp flags & (fin | syn | rst | ack) == syn'

/**
 * What of outside begins a flow with a client: such flows are never judged again, so nothing enters here that may be
 * the rest of a client's own, and no UDP, where nothing tells the one from the other. `otherwise` ends the rest: an open
 * ruleset drops it without a word, since the client's next packet has the flow judged as a new one.
 */
export function inboundChains(field: MarkField, otherwise: string): Chain[] {
  return [
    {
      name: 'begin_inbound',
      rules: [
        `${BEGINS} goto admit_inbound`,
        'icmp type echo-request goto admit_inbound',
        'icmpv6 type echo-request goto admit_inbound',
        otherwise,
      ],
    },
    { name: 'admit_inbound', rules: [stamp(field, field.inbound)] },
  ]
}
