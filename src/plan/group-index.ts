import type { Prefix } from '../base/address.ts'
import { PrefixIndex } from './prefix-index.ts'
import type { Group, Plan, PrefixEntry, StaticPrefix } from './types.ts'

interface Wrapped {
  readonly prefix: Prefix
}
const wrap = (prefix: Prefix): Wrapped => ({ prefix })

/** What decisions look up in a group's prefixes. */
export interface GroupIndex {
  readonly statics: PrefixIndex<StaticPrefix>
  readonly denied: PrefixIndex<Wrapped>
  readonly allowRules: PrefixIndex<PrefixEntry>
  readonly denyRules: PrefixIndex<PrefixEntry>
  /** Of equal prefixes a deny entry's label goes first, then an allow entry's, then the map of labels. */
  readonly labels: PrefixIndex<PrefixEntry>
}

/** What decisions look up in the Plan's own prefixes. */
export interface PlanIndex {
  readonly sources: PrefixIndex<Wrapped & { readonly group: Group }>
  readonly served: PrefixIndex<Wrapped>
  /** Own, on-link and client networks. */
  readonly own: PrefixIndex<Wrapped>
}

const groups = new WeakMap<Group, GroupIndex>()
const plans = new WeakMap<Plan, PlanIndex>()

/** Built at the first question about the group, kept as long as the group lives. */
export function groupIndex(group: Group): GroupIndex {
  const known = groups.get(group)
  if (known !== undefined) return known
  const listed = (list: PrefixEntry['list']) => group.prefixEntries.filter((entry) => entry.list === list)
  const allow = listed('allow')
  const deny = listed('deny')
  const labelled = [...deny, ...allow, ...listed('label')].filter((entry) => entry.label !== undefined)
  const index = {
    statics: new PrefixIndex(group.statics),
    denied: new PrefixIndex(group.denyPrefixes.map(wrap)),
    allowRules: new PrefixIndex(allow),
    denyRules: new PrefixIndex(deny),
    labels: new PrefixIndex(labelled),
  }
  groups.set(group, index)
  return index
}

export function planIndex(plan: Plan): PlanIndex {
  const known = plans.get(plan)
  if (known !== undefined) return known
  const { settings } = plan
  const sources = plan.groups.flatMap((group) => group.sources.map((prefix) => ({ prefix, group })))
  const index = {
    sources: new PrefixIndex(sources),
    served: new PrefixIndex(settings.clientNetworks.map(wrap)),
    own: new PrefixIndex([...settings.ownPrefixes, ...settings.clientNetworks].map(wrap).concat(sources)),
  }
  plans.set(plan, index)
  return index
}
