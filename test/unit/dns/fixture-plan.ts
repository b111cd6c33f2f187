import type { Group, NameIndex, NameVerdict, NameVisitor, Plan } from '../../../src/plan/types.ts'
import { planSettings } from '../../support/plan-settings.ts'

export interface NameLists {
  readonly allow: readonly string[]
  readonly deny?: readonly string[]
}

const matches = (entry: string, name: string): boolean =>
  entry.startsWith('*.') ? name.endsWith(entry.slice(1)) : name === entry

/** Straight from policy.md: allowed when an entry matches and no denied entry does. The oracle of these tests. */
export const judge = (lists: NameLists, name: string): boolean =>
  lists.allow.some((entry) => matches(entry, name)) && !(lists.deny ?? []).some((entry) => matches(entry, name))

export const SETTINGS = planSettings({
  clientInterfaces: ['eth1'],
  listenAddresses: ['192.0.2.1', '2001:db8::1'],
  syslogFacility: 'daemon',
})

export const group = (id: number, sources: Group['sources'] = []): Group => ({
  id,
  name: id === 0 ? 'default' : `group${id}`,
  key: id === 0 ? 'default' : `0000000${id}`,
  sources,
  statics: [],
  denyPrefixes: [],
  prefixEntries: [],
  classIds: [],
})

function visitAll(entries: readonly string[], visit: NameVisitor): void {
  for (const entry of entries) {
    const wildcard = entry.startsWith('*.')
    const bytes = Buffer.from(wildcard ? entry.slice(2) : entry)
    visit(bytes, 0, bytes.length, wildcard)
  }
}

function indexOf(groups: readonly NameLists[]): NameIndex {
  const verdict = (groupId: number, name: string): NameVerdict => {
    const allowed = judge(groups[groupId]!, name)
    return { allowed, reason: allowed ? 'allow.name' : 'dns.not-allowed', classIds: [], wildcardOctets: 0 }
  }
  return {
    allowCount: groups.reduce((sum, { allow }) => sum + allow.length, 0),
    denyCount: groups.reduce((sum, { deny }) => sum + (deny?.length ?? 0), 0),
    judge: verdict,
    denied: (groupId, name) => (groups[groupId]!.deny ?? []).some((entry) => matches(entry, name)),
    allowEntries: (groupId) => groups[groupId]!.allow,
    denyEntries: (groupId) => groups[groupId]!.deny ?? [],
    forEachAllow: (groupId, visit) => visitAll(groups[groupId]!.allow, visit),
    forEachDeny: (groupId, visit) => visitAll(groups[groupId]!.deny ?? [], visit),
    label: () => undefined,
  }
}

/** A Plan of these lists, one group each, as the DNS part sees it. */
export function planOf(lists: NameLists | readonly NameLists[], overrides: Partial<Plan> = {}): Plan {
  const all = Array.isArray(lists) ? (lists as readonly NameLists[]) : [lists as NameLists]
  return {
    generation: '00000000000000aa',
    policyHash: 'p',
    settingsHash: 's',
    compiler: 't',
    groups: all.map((_, id) => group(id)),
    classes: [],
    settings: SETTINGS,
    source: {},
    names: indexOf(all),
    ...overrides,
  }
}
