import { ANY_GROUP, denialName } from './denials.ts'
import { quotedSet } from './gateway-chains.ts'
import type { PrefixSets } from './group-chains.ts'
import { inboundChains } from './inbound-chains.ts'
import { hex, type MarkField, stamp } from './mark-field.ts'
import type { Chain } from './text.ts'

/** Where a client's new flow and a flow of an older generation are judged. */
export interface Judges {
  /** Rules for packets in the original direction, from the client. */
  readonly fresh: readonly string[]
  /** Rules for packets in either direction. */
  readonly old: readonly string[]
}

const toAny = (reason: 'net.invalid' | 'net.neighbour' | 'net.unknown-client') =>
  `goto ${denialName(ANY_GROUP, reason)}`

/** Rules that refuse sources which do not route back through their interface, or are not among the served networks. */
export function servedSources(networks: PrefixSets, narrowed: boolean, refusal: string): string[] {
  const rules = [`fib saddr . iif oif missing ${refusal}`]
  if (!narrowed) return rules
  for (const [family, ip] of [
    [4, 'ip'],
    [6, 'ip6'],
  ] as const) {
    const set = networks[family]
    rules.push(set === undefined ? `meta nfproto ipv${family} ${refusal}` : `${ip} saddr != @${set.name} ${refusal}`)
  }
  return rules
}

/** Rules that refuse flows whose client is not among the served networks any more. */
export function servedFlows(networks: PrefixSets, narrowed: boolean, refusal: string): string[] {
  if (!narrowed) return []
  return (
    [
      [4, 'ip'],
      [6, 'ip6'],
    ] as const
  ).map(([family, ip]) => {
    const set = networks[family]
    const beyond = set === undefined ? '' : ` ct original ${ip} saddr != @${set.name}`
    return `meta nfproto ipv${family}${beyond} ${refusal}`
  })
}

/**
 * What passes between interfaces. Policy drop, so that a chain emptied by somebody else lets nothing through.
 *
 * A flow is judged when it is new, and once more when its mark carries another generation than `mark`: then the sets
 * of held addresses decide, because the pin that let it in has long expired. `keepOld` spares that second judgement.
 */
export function forwardChain(interfaces: readonly string[]): Chain {
  const clients = quotedSet(interfaces)
  return {
    name: 'forward',
    base: 'type filter hook forward priority filter - 5; policy drop;',
    rules: [
      `iifname != ${clients} oifname != ${clients} accept`,
      `iifname ${clients} oifname ${clients} ${toAny('net.neighbour')}`,
      `oifname ${clients} goto to_client`,
      'goto from_client',
    ],
  }
}

export function judgedChains(
  field: MarkField,
  mark: number,
  sourceChecks: readonly string[],
  judges: Judges,
  keepOld: boolean,
): Chain[] {
  const bits = (number: number) => hex(field.bits(number))
  const inMark = `ct mark & ${hex(field.mask)}`
  const known = `${bits(mark)} : accept, ${bits(field.inbound)} : accept, ${bits(field.dead)} : goto judge_again`
  const again = keepOld ? 'goto admit' : 'goto judge_again'
  return [
    {
      name: 'from_client',
      rules: [
        `ct state vmap { invalid : ${toAny('net.invalid')}, untracked : ${toAny('net.invalid')}, related : goto error_from_client }`,
        ...sourceChecks,
        `${inMark} vmap { ${known}, ${bits(0)} : goto new }`,
        again,
      ],
    },
    {
      name: 'to_client',
      rules: [
        'ct state vmap { invalid : drop, untracked : drop, related : goto error_to_client }',
        `${inMark} vmap { ${known}, ${bits(0)} : goto new_to_client }`,
        again,
      ],
    },
    // Expected connections of helpers are `related` too, and inherit the mark: only ICMP errors pass.
    {
      name: 'error_from_client',
      rules: [
        `meta l4proto { icmp, icmpv6 } ${inMark} { ${bits(mark)}, ${bits(field.inbound)} } accept`,
        toAny('net.invalid'),
      ],
    },
    {
      name: 'error_to_client',
      rules: [`meta l4proto { icmp, icmpv6 } ${inMark} != ${bits(0)} accept`, 'drop'],
    },
    // Entries that were made from outside past this table may be a client's own flows the wrong way round.
    { name: 'new', rules: [`ct direction reply ${toAny('net.invalid')}`, ...judges.fresh] },
    {
      name: 'new_to_client',
      rules: ['ct direction reply goto judge_again', 'ct state new goto begin_inbound', 'goto cut'],
    },
    { name: 'judge_again', rules: judges.old },
    { name: 'admit', rules: [stamp(field, mark)] },
    ...inboundChains(field, 'drop'),
  ]
}

const REJECT = ['meta l4proto tcp reject with tcp reset', 'reject with icmpx admin-prohibited']

/** End of refused packets: their senders hear it at once, unless the setting is to drop. */
export const refuseChain = (action: 'reject' | 'drop'): Chain => ({
  name: 'refuse',
  rules: action === 'drop' ? ['drop'] : REJECT,
})

/** Ends of packets of flows that are open, or that no connection tracking knows. */
export function cutChains(action: 'reject' | 'drop', field: MarkField): Chain[] {
  return [
    // Both ends must hear of a revocation whatever the setting.
    { name: 'cut', rules: ['tcp flags & rst != 0 goto last_reset', ...REJECT] },
    // The first reset that one end sends the other passes, if it is nothing but headers: 20 octets of TCP after those
    // of IP, or 32 with timestamps (RFC 7323). A reset draws no answer.
    {
      name: 'last_reset',
      rules: [
        `ct mark & ${hex(field.mask)} == ${hex(field.bits(field.dead))} drop`,
        ...[
          'meta nfproto ipv4 meta length 40',
          'meta nfproto ipv4 meta length 52 tcp doff 8',
          'meta nfproto ipv6 meta length 60',
          'meta nfproto ipv6 meta length 72 tcp doff 8',
        ].map((bare) => `${bare} ${stamp(field, field.dead)}`),
        'drop',
      ],
    },
    // A reset for a packet outside its connection's window would end the connection.
    {
      name: 'refuse_invalid',
      rules:
        action === 'drop' ? ['drop'] : ['ct state untracked goto refuse', 'ct direction reply goto refuse', 'drop'],
    },
  ]
}
