import { aggregate, type Family, type Prefix, parsePrefix } from '../../base/address.ts'
import type { ReasonCode } from '../../base/reasons.ts'
import { SPECIAL_PURPOSE } from '../../plan/index.ts'
import type { Group, Plan } from '../../plan/types.ts'
import { CLIENT_LIMIT_SETS, dnsLimitChain } from './client-limits.ts'
import { ANY_GROUP, DENIAL_LIMITS, DENIAL_SETS, denialChain, denialName, LOG_COUNTERS } from './denials.ts'
import {
  cutChains,
  forwardChain,
  type Judges,
  judgedChains,
  refuseChain,
  servedFlows,
  servedSources,
} from './forward-chains.ts'
import {
  clientServices,
  DNS_SERVICE,
  dnsChain,
  type InterfaceNetworks,
  inputChains,
  untrackedChains,
} from './gateway-chains.ts'
import {
  GROUP_REASONS,
  groupObjects,
  newChainName,
  oldChainName,
  type PrefixSets,
  prefixSets,
  TYPE,
} from './group-chains.ts'
import { withMarker } from './live-marker.ts'
import { type MarkField, markField } from './mark-field.ts'
import { disjointRanges, formatRange } from './source-ranges.ts'
import { contentSet, type LiveObjects, type NamedSet, printTransaction, type Ruleset } from './text.ts'
import { whyPageChains, whyPagePrivate, whyPageService } from './why-page-chain.ts'

export interface RulesetOptions {
  /** Number of this generation in the mark field, from `nextMark`. */
  readonly mark: number
  /** From `readLiveObjects`, at the time of loading. */
  readonly live: LiveObjects
  /** On-link prefixes of the client interfaces, where known: choose the listen address that queries are turned to. */
  readonly networks?: InterfaceNetworks
}

const ANY_REASONS = ['net.invalid', 'net.neighbour', 'net.unknown-client', 'net.gateway', 'limit.rate'] as const

/**
 * The whole of table `inet clawgress` for a Plan, as one nft transaction that replaces whatever the table held and
 * keeps the pin and held sets of classes that stay. Load it with `applyRuleset`.
 */
export function printRuleset(plan: Plan, options: RulesetOptions): string {
  const field = markField(plan.settings.markMask)
  return printTransaction(
    withMarker(openRuleset(plan, field, options), plan.generation, options.mark),
    options.live,
    () => false,
  )
}

function openRuleset(plan: Plan, field: MarkField, options: RulesetOptions): Ruleset {
  const { settings } = plan
  const clients = settings.clientInterfaces
  const unknown = `goto ${denialName(ANY_GROUP, 'net.unknown-client')}`
  const tooFast = denialName(ANY_GROUP, 'limit.rate')
  const narrowed = settings.clientNetworks.length > 0
  const served = prefixSets('served', aggregate(settings.clientNetworks))
  const never = neverSets(plan)
  const groups = plan.groups.map((group) => groupObjects(plan, group, never))
  const dispatch = judgesOf(plan.groups, servedFlows(served, narrowed, `goto ${denialName(ANY_GROUP, 'net.revoked')}`))
  const sourceChecks = servedSources(served, narrowed, unknown)
  const denials = [
    ...[...ANY_REASONS, ...(narrowed ? (['net.revoked'] as const) : [])].map((reason) => [ANY_GROUP, reason] as const),
    ...plan.groups.flatMap((group) => GROUP_REASONS.map((reason) => [group.key, reason] as const)),
  ]
  return {
    chains: [
      dnsChain(clients, settings.listenAddresses, options.networks ?? new Map()),
      ...whyPageChains(settings, options.networks ?? new Map()),
      ...untrackedChains(),
      ...inputChains(
        clients,
        sourceChecks,
        [DNS_SERVICE, ...whyPageService(settings), ...clientServices(settings)],
        denialName(ANY_GROUP, 'net.gateway'),
        tooFast,
        whyPagePrivate(settings),
      ),
      dnsLimitChain(tooFast),
      forwardChain(clients),
      ...judgedChains(field, options.mark, sourceChecks, dispatch, settings.keepEstablished),
      ...groups.flatMap((group) => group.chains),
      ...denials.map(([scope, reason]) =>
        denialChain({
          scope,
          reason,
          mark: options.mark,
          end: endOf(reason),
          eitherDirection: reason === 'net.revoked',
        }),
      ),
      refuseChain(settings.denyAction),
      ...cutChains(settings.denyAction, field),
    ],
    sets: unique([
      ...DENIAL_SETS,
      ...CLIENT_LIMIT_SETS,
      ...Object.values(served),
      ...Object.values(never),
      ...groups.flatMap((group) => group.sets),
      ...dispatch.maps,
    ]),
    counters: [
      ...denials.map(([scope, reason]) => denialName(scope, reason)),
      LOG_COUNTERS.logged,
      LOG_COUNTERS.notLogged,
    ],
    limits: DENIAL_LIMITS,
  }
}

const endOf = (reason: ReasonCode): string =>
  reason === 'net.revoked' ? 'cut' : reason === 'net.invalid' ? 'refuse_invalid' : 'refuse'

const NAT64 = parsePrefix('64:ff9b::/96')!

/**
 * Addresses that no name may open, as `judgeAddress` has them: the kernel's second look at what the pinner decided.
 * NAT64's well-known prefix is left out of its surroundings: it counts as the IPv4 address it carries.
 */
function neverSets(plan: Plan): PrefixSets {
  const { settings, groups } = plan
  const closed = [
    ...SPECIAL_PURPOSE,
    ...settings.ownPrefixes,
    ...settings.clientNetworks,
    ...groups.flatMap((group) => group.sources),
  ]
  const entries = [...aggregate(closed).map((prefix) => ({ prefix, value: true })), { prefix: NAT64, value: false }]
  const set = (family: Family) => {
    const ranges = disjointRanges(entries, family).filter((range) => range.value)
    return contentSet(`never${family}`, 'set', `type ${TYPE[family]}; flags interval;`, ranges.map(formatRange))
  }
  return { 4: set(4), 6: set(6) }
}

/** Dispatch by the client's address: the longest group prefix wins, everyone else is in the default group. */
function judgesOf(groups: readonly Group[], flowChecks: readonly string[]): Judges & { maps: NamedSet[] } {
  const sources = groups.flatMap((group) => group.sources.map((prefix: Prefix) => ({ prefix, value: group })))
  const maps: NamedSet[] = []
  const fresh = [
    // Only where no listen address of the family could take it.
    `meta l4proto { tcp, udp } th dport 53 goto ${denialName(ANY_GROUP, 'net.gateway')}`,
  ]
  const old: string[] = [...flowChecks]
  for (const [family, ip, type] of [
    [4, 'ip', 'ipv4_addr'],
    [6, 'ip6', 'ipv6_addr'],
  ] as const) {
    const ranges = disjointRanges(sources, family)
    if (ranges.length === 0) continue
    const map = (prefix: string, chain: (group: Group) => string) => {
      const elements = ranges.map((range) => `${formatRange(range)} : goto ${chain(range.value)}`)
      const made = contentSet(`${prefix}${family}`, 'map', `type ${type} : verdict; flags interval;`, elements)
      maps.push(made)
      return made.name
    }
    fresh.push(`${ip} saddr vmap @${map('new_by_source', newChainName)}`)
    old.push(`meta nfproto ipv${family} ct original ${ip} saddr vmap @${map('old_by_source', oldChainName)}`)
  }
  const fallback = groups.find((group) => group.id === 0)!
  fresh.push(`goto ${newChainName(fallback)}`)
  old.push(`goto ${oldChainName(fallback)}`)
  return { fresh, old, maps }
}

/** Sets by name: groups with the same content under the same name need it once. */
const unique = (sets: readonly NamedSet[]): NamedSet[] => [...new Map(sets.map((set) => [set.name, set])).values()]
