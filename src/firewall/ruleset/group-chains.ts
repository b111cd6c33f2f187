import { type Family, formatPrefix, type Prefix } from '../../base/address.ts'
import type { ReasonCode } from '../../base/reasons.ts'
import { OTHER_DNS_PORTS } from '../../plan/index.ts'
import type { Group, PinClass, Plan } from '../../plan/types.ts'
import { heldSetName, pinSetName } from '../names.ts'
import { denialName } from './denials.ts'
import { type PortMatches, portList, portMatches } from './ports.ts'
import { type Chain, contentSet, type NamedSet } from './text.ts'

/** Why a group's own chains refuse. */
export const GROUP_REASONS = [
  'net.protocol',
  'net.dns-bypass',
  'net.denied',
  'net.port',
  'net.private',
  'net.not-pinned',
  'net.revoked',
] as const satisfies readonly ReasonCode[]

/** Refused unless a class opens them. */
const RESOLVER_PORTS = portList([...OTHER_DNS_PORTS].map((port) => ({ first: port, last: port })))

/** The only protocols that can be allowed. */
const PROTOCOLS = contentSet('protocols', 'set', 'type inet_proto;', ['tcp', 'udp'])

const FAMILIES = [4, 6] as const
export const TYPE = { 4: 'ipv4_addr', 6: 'ipv6_addr' } as const
const IP = { 4: 'ip', 6: 'ip6' } as const

/** Chain that judges the first packets of a client's new flow. */
export const newChainName = (group: Group): string => `new.${group.key}`

/** Chain that judges a flow admitted under an older policy, by packets in either direction. */
export const oldChainName = (group: Group): string => `old.${group.key}`

/** Interval sets by family; empty ones are absent. */
export type PrefixSets = Partial<Record<Family, NamedSet>>

/** Prefixes as content sets of both families. `prefixes` must be aggregated. */
export function prefixSets(name: string, prefixes: readonly Prefix[]): PrefixSets {
  const sets: PrefixSets = {}
  for (const family of FAMILIES) {
    const elements = prefixes.filter((prefix) => prefix.family === family).map(formatPrefix)
    if (elements.length === 0) continue
    sets[family] = contentSet(`${name}${family}`, 'set', `type ${TYPE[family]}; flags interval;`, elements)
  }
  return sets
}

/**
 * Chains and sets that hold one group's policy, in the order of `decide`: deny lists first, then listed prefixes, then
 * pins; but no pin opens an address that no name may open (`never`), unless a listed prefix holds it.
 */
export function groupObjects(plan: Plan, group: Group, never: PrefixSets): { chains: Chain[]; sets: NamedSet[] } {
  const refuse = (reason: ReasonCode) => `goto ${denialName(group.key, reason)}`
  const bypass = `th dport ${RESOLVER_PORTS.text} ${refuse('net.dns-bypass')}`
  const names = { pinned: `pinned.${group.key}`, held: `held.${group.key}`, private: `private.${group.key}` }
  const denied = prefixSets(`deny.${group.key}.`, group.denyPrefixes)
  const classes = group.classIds.map((id) => {
    const cls = plan.classes[id]!
    const prefixes = group.statics.filter((entry) => entry.classId === id).map((entry) => entry.prefix)
    return {
      ports: portMatches(cls),
      listed: prefixSets(`static.${group.key}.${cls.key}.`, prefixes),
      pins: dynamicSets(group, cls, pinSetName),
      held: dynamicSets(group, cls, heldSetName),
    }
  })
  const admitNew = (ports: PortMatches, sets: PrefixSets) =>
    ports.fresh.flatMap((match) => onDestination(sets, 'goto admit', match))
  const admitOld = (ports: PortMatches, sets: PrefixSets) =>
    ports.old.flatMap((match) => onFlowDestination(sets, 'goto admit', match))
  const chains: Chain[] = [
    {
      name: newChainName(group),
      rules: [
        `meta l4proto != @${PROTOCOLS.name} ${refuse('net.protocol')}`,
        ...onDestination(denied, refuse('net.denied')),
        ...classes.flatMap(({ ports, listed }) => admitNew(ports, listed)),
        ...classes.flatMap(({ listed }) => onDestination(listed, `goto ${names.pinned}`)),
        ...onDestination(never, `goto ${names.private}`),
        `goto ${names.pinned}`,
      ],
    },
    {
      name: names.pinned,
      rules: [
        ...classes.flatMap(({ ports, pins }) => admitNew(ports, pins)),
        bypass,
        ...classes.flatMap(({ listed, pins }) => [
          ...onDestination(listed, refuse('net.port')),
          ...onDestination(pins, refuse('net.port')),
        ]),
        refuse('net.not-pinned'),
      ],
    },
    { name: names.private, rules: [bypass, refuse('net.private')] },
    {
      name: oldChainName(group),
      rules: [
        ...onFlowDestination(denied, refuse('net.revoked')),
        ...classes.flatMap(({ ports, listed }) => admitOld(ports, listed)),
        ...classes.flatMap(({ listed }) => onFlowDestination(listed, `goto ${names.held}`)),
        ...onFlowDestination(never, refuse('net.revoked')),
        `goto ${names.held}`,
      ],
    },
    {
      name: names.held,
      rules: [...classes.flatMap(({ ports, held }) => admitOld(ports, held)), refuse('net.revoked')],
    },
  ]
  const sets = classes.flatMap(({ ports, listed, pins, held }) => [
    ...ports.sets,
    ...[listed, pins, held].flatMap((each) => Object.values(each)),
  ])
  return { chains, sets: [PROTOCOLS, RESOLVER_PORTS.set!, ...Object.values(denied), ...sets] }
}

/** By the packet's destination, behind any destination NAT. */
function onDestination(sets: PrefixSets, verdict: string, match = ''): string[] {
  return FAMILIES.flatMap((family) => {
    const set = sets[family]
    return set === undefined ? [] : [[match, `${IP[family]} daddr @${set.name} ${verdict}`].join(' ').trimStart()]
  })
}

/** By who answers in the flow: the same address as above, whatever the packet's direction. */
function onFlowDestination(sets: PrefixSets, verdict: string, match = ''): string[] {
  return FAMILIES.flatMap((family) => {
    const set = sets[family]
    return set === undefined
      ? []
      : [
          [match, `meta nfproto ipv${family} ct reply ${IP[family]} saddr @${set.name} ${verdict}`]
            .join(' ')
            .trimStart(),
        ]
  })
}

function dynamicSets(group: Group, cls: PinClass, name: typeof pinSetName): Record<Family, NamedSet> {
  const size = group.id === 0 ? 262_144 : 65_536
  const set = (family: Family): NamedSet => ({
    name: name(group, cls, family),
    kind: 'set',
    definition: `type ${TYPE[family]}; flags timeout; size ${size};`,
  })
  return { 4: set(4), 6: set(6) }
}
