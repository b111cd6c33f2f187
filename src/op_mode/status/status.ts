import { formatPrefix } from '../../base/address.ts'
import { fail } from '../../base/errors.ts'
import type { Layout } from '../../base/layout.ts'
import type { StatusView } from '../../daemon/api/context.ts'
import type { UnitStatus } from '../../services/index.ts'
import { formatDuration } from '../format/duration.ts'
import type { Shown } from '../format/shown.ts'
import { counted, printFacts, printTable } from '../format/table.ts'
import { DISABLED, isDisabled, livePlan, NOT_CONFIGURED } from '../policy/live-plan.ts'
import { sourceText } from '../policy/policy-source.ts'
import { gatherStatus, isKnown, type StatusFacts } from './status-facts.ts'
import { findTroubles } from './status-troubles.ts'

/** What a person asks first. Throws `system.unreachable` where no gateway was ever set up. */
export async function showStatus(layout: Layout): Promise<Shown> {
  const facts = await gatherStatus(layout)
  if (facts.plan === undefined && !(isKnown(facts.ruleset) && facts.ruleset.present)) {
    // Nothing of it is meant to run, so that nothing is wrong.
    if (isDisabled(layout)) return { data: { enforcing: false, disabled: true, troubles: [] }, text: `${DISABLED}\n` }
    if (isKnown(facts.ruleset)) fail('system.unreachable', NOT_CONFIGURED)
    livePlan(layout)
  }
  const data = statusData(facts)
  const sections = [
    printFacts(describe(facts)),
    isKnown(facts.units) ? printTable(['Service', 'State', 'Since', 'Restarts', 'Task'], facts.units.map(unitRow)) : '',
    data.troubles.length === 0
      ? 'Nothing is wrong.\n'
      : `To be looked at:\n${data.troubles.map((line) => `  ${line}\n`).join('')}`,
  ]
  return { data, text: sections.filter((section) => section !== '').join('\n') }
}

/** Does the kernel enforce the policy that was proven last? */
const isEnforcing = ({ plan, ruleset }: StatusFacts): boolean =>
  plan !== undefined &&
  isKnown(ruleset) &&
  ruleset.present &&
  ruleset.intact &&
  !ruleset.closed &&
  ruleset.generation === plan.generation

function describe(facts: StatusFacts): [string, string][] {
  const { plan, since, pins, counters, daemon } = facts
  const rows: [string, string][] = [['Enforcing', enforcing(facts)]]
  if (plan !== undefined) {
    const { settings, source, names } = plan
    const file = { same: '', changed: ' (edited since)', missing: ' (gone)', unknown: '' }[facts.policyFile]
    const networks = settings.clientNetworks.map(formatPrefix).join(', ')
    rows.push(
      [
        'Generation',
        `${plan.generation}${since === undefined ? '' : `, live since ${since.toISOString().slice(0, 19)}Z`}`,
      ],
      ['Policy file', sourceText(source, file)],
      [
        'Policy',
        `${counted(names.allowCount, 'domain')} allowed, ${names.denyCount} denied, ${counted(countPrefixes(facts), 'prefix', 'prefixes')} allowed`,
      ],
      [
        'Clients',
        `interfaces ${settings.clientInterfaces.join(', ')}${networks === '' ? '' : `; networks ${networks}`}`,
      ],
      ['DNS', `clients ask ${settings.listenAddresses.join(', ')}; ${upstream(facts)}`],
    )
  }
  rows.push([
    'Pins',
    isKnown(pins)
      ? `${counted(pins.addresses, 'address', 'addresses')} from ${counted(pins.answers, 'answer')}`
      : pins.unknown,
  ])
  if (daemon !== undefined) rows.push(['Denied', `${lastHour(daemon.lastHour)} in the last hour`])
  if (isKnown(counters)) rows.push(['Packets', `${deniedPackets(facts)} denied since the firewall table was loaded`])
  return rows
}

function enforcing(facts: StatusFacts): string {
  if (isEnforcing(facts))
    return facts.since === undefined ? 'yes' : `yes, for ${formatDuration((Date.now() - facts.since.getTime()) / 1000)}`
  if (!isKnown(facts.ruleset)) return 'unknown'
  return facts.ruleset.present ? 'not as committed; see below' : 'NO'
}

const countPrefixes = ({ plan }: StatusFacts): number =>
  plan?.groups.reduce((sum, group) => sum + group.statics.length, 0) ?? 0

function upstream({ plan }: StatusFacts): string {
  const servers = plan?.settings.nameServers ?? []
  if (servers.length === 0) return 'bind9 resolves by itself'
  return `resolved by ${servers.map(({ address, tlsHostname }) => `${address}${tlsHostname ? ` (TLS, ${tlsHostname})` : ''}`).join(', ')}`
}

function lastHour(reasons: Readonly<Record<string, number>>): string {
  const sorted = Object.entries(reasons).sort(([, a], [, b]) => b - a)
  const total = sorted.reduce((sum, [, count]) => sum + count, 0)
  const parts = sorted.slice(0, 4).map(([reason, count]) => `${reason} ${count}`)
  return total === 0
    ? 'nothing'
    : `${counted(total, 'decision')} (${parts.join(', ')}${sorted.length > 4 ? ', …' : ''})`
}

const deniedPackets = ({ counters }: StatusFacts): number =>
  isKnown(counters)
    ? Object.values(counters.denied)
        .flatMap((reasons) => Object.values(reasons))
        .reduce((sum, count) => sum + (count?.packets ?? 0), 0)
    : 0

const unitRow = ({ name, state, since, restarts, description }: UnitStatus): string[] => [
  name,
  state,
  since === undefined ? '-' : `${formatDuration((Date.now() - since) / 1000)} ago`,
  String(restarts),
  description.replace(/^Clawgress /, ''),
]

/** The same for programs. */
export function statusData(facts: StatusFacts): StatusView {
  const { plan, since } = facts
  return {
    enforcing: isEnforcing(facts),
    ...(plan === undefined
      ? {}
      : {
          generation: plan.generation,
          since: since?.toISOString(),
          policyFile: plan.source.policyFile ?? null,
          policyFileState: facts.policyFile,
          allowedDomains: plan.names.allowCount,
          deniedDomains: plan.names.denyCount,
          allowedPrefixes: countPrefixes(facts),
          clientInterfaces: plan.settings.clientInterfaces,
          clientNetworks: plan.settings.clientNetworks.map(formatPrefix),
          listenAddresses: plan.settings.listenAddresses,
        }),
    ruleset: facts.ruleset,
    services: facts.units,
    pins: facts.pins,
    deniedLastHour: facts.daemon?.lastHour ?? null,
    counters: facts.counters,
    records: facts.daemon ?? null,
    troubles: findTroubles(facts),
  }
}
