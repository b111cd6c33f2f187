import { aggregate, parsePrefix } from '../../../src/base/address.ts'
import type { Group, NameIndex, PinClass, Plan, PlanSettings, PortRange } from '../../../src/plan/types.ts'
import { planSettings } from '../../support/plan-settings.ts'

const NO_NAMES: NameIndex = {
  allowCount: 0,
  denyCount: 0,
  judge: () => ({ allowed: false, reason: 'dns.not-allowed', classIds: [], wildcardOctets: 0 }),
  denied: () => false,
  allowEntries: () => [],
  denyEntries: () => [],
  label: () => undefined,
  forEachAllow: () => undefined,
  forEachDeny: () => undefined,
}

export const prefixes = (...texts: string[]) => aggregate(texts.map((text) => parsePrefix(text)!))

const ports = (...numbers: number[]): PortRange[] => numbers.map((port) => ({ first: port, last: port }))

/** Classes of the plan below: web over TCP and UDP, ssh over TCP only, and one for the second group alone. */
export const WEB: PinClass = { id: 0, key: '0000aaaa', tcp: ports(80, 443), udp: ports(80, 443) }
export const SSH: PinClass = { id: 1, key: '0000bbbb', tcp: ports(22), udp: [] }
export const RANGE: PinClass = {
  id: 2,
  key: '0000cccc',
  tcp: [{ first: 8000, last: 8010 }],
  udp: [{ first: 1, last: 65535 }],
}

export interface PlanChanges {
  readonly generation?: string
  readonly settings?: Partial<PlanSettings>
  readonly defaultGroup?: Partial<Group>
  /** Absent: only the default group. */
  readonly secondGroup?: Partial<Group>
}

export const SECOND_KEY = 'feed0002'

/** A Plan for the namespaces of `Topology`: the default group for client 1, and a group of client 2 if asked for. */
export function firewallPlan(changes: PlanChanges = {}): Plan {
  const group: Group = {
    id: 0,
    name: 'default',
    key: 'default',
    sources: [],
    statics: [],
    denyPrefixes: [],
    prefixEntries: [],
    classIds: [0, 1],
    ...changes.defaultGroup,
  }
  const second: Group = {
    ...group,
    id: 1,
    name: 'second',
    key: SECOND_KEY,
    sources: prefixes('10.77.2.0/24', 'fd77:2::/64'),
    classIds: [0, 2],
    ...changes.secondGroup,
  }
  return {
    generation: changes.generation ?? '0123456789abcdef',
    policyHash: '0',
    settingsHash: '0',
    compiler: 'test',
    groups: changes.secondGroup === undefined ? [group] : [group, second],
    classes: [WEB, SSH, RANGE],
    settings: planSettings({
      clientInterfaces: ['c1', 'c2'],
      listenAddresses: ['10.77.1.1', '10.77.2.1', 'fd77:1::1', 'fd77:2::1'],
      ownPrefixes: prefixes(
        '10.77.1.0/24',
        '10.77.2.0/24',
        'fd77:1::/64',
        'fd77:2::/64',
        '81.2.69.0/24',
        '2a81:2:69::/64',
      ),
      syslogFacility: 'local0',
      ...changes.settings,
    }),
    source: {},
    names: NO_NAMES,
  }
}

/** Networks of the client interfaces of `Topology`. */
export const CLIENT_NETWORKS = new Map([
  ['c1', prefixes('10.77.1.0/24', 'fd77:1::/64')],
  ['c2', prefixes('10.77.2.0/24', 'fd77:2::/64')],
])
