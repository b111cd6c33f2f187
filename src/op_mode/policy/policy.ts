import { formatPrefix } from '../../base/address.ts'
import { fail } from '../../base/errors.ts'
import type { Layout } from '../../base/layout.ts'
import { readPolicyFile } from '../../conf_mode/policy/policy-file.ts'
import type { Group, Plan } from '../../plan/types.ts'
import { classPorts } from '../format/ports.ts'
import type { Shown } from '../format/shown.ts'
import { printFacts, printTable } from '../format/table.ts'
import { sourceText } from './policy-source.ts'

/** The policy in a few lines: where it comes from, and how much it allows and denies. */
export function showPolicy(plan: Plan): Shown {
  const groups = plan.groups.map((group) => ({
    name: group.name,
    sources: group.sources.map(formatPrefix),
    allowedPrefixes: group.statics.length,
    deniedPrefixes: group.denyPrefixes.length,
    ports: classPorts(plan, group.classIds),
  }))
  const data = {
    ...plan.source,
    generation: plan.generation,
    policyHash: plan.policyHash,
    allowedDomains: plan.names.allowCount,
    deniedDomains: plan.names.denyCount,
    groups,
  }
  const facts = printFacts([
    ['Policy file', sourceText(plan.source)],
    ...(plan.source.description === undefined ? [] : [['Description', plan.source.description] as const]),
    ['Generation', plan.generation],
    ['Domains', `${plan.names.allowCount} allowed, ${plan.names.denyCount} denied`],
  ])
  const rows = groups.map(({ name, sources, allowedPrefixes, deniedPrefixes, ports }) => [
    name,
    sources.join(', ') || 'all other clients',
    String(allowedPrefixes),
    String(deniedPrefixes),
    ports,
  ])
  return { data, text: `${facts}\n${printTable(['Group', 'Clients', 'Prefixes', 'Denied', 'Ports'], rows)}` }
}

interface EffectiveEntry {
  readonly group: string
  readonly verdict: 'allow' | 'deny'
  readonly entry: string
  readonly ports?: string
  readonly label?: string
}

/** Every line of the policy as it took effect: merged, normalised, with defaults. */
export function showEffectivePolicy(plan: Plan): Shown<readonly EffectiveEntry[]> {
  const data = plan.groups.flatMap((group) => [...effectiveEntries(plan, group)])
  const rows = data.map(({ group, verdict, entry, ports, label }) => [group, verdict, entry, ports ?? '', label ?? ''])
  return { data, text: printTable(['Group', 'Verdict', 'Entry', 'Ports', 'Label'], rows) }
}

/** Stands for all names below a wildcard that have no entry of their own. */
const SOME_NAME = 'any-name-below'

function* effectiveEntries(plan: Plan, group: Group): Iterable<EffectiveEntry> {
  const { names } = plan
  const nameOf = (entry: string) => (entry.startsWith('*.') ? `${SOME_NAME}${entry.slice(1)}` : entry)
  for (const entry of names.allowEntries(group.id)) {
    const { classIds, label } = names.judge(group.id, nameOf(entry))
    yield { group: group.name, verdict: 'allow', entry, ports: classPorts(plan, classIds), ...labelled(label) }
  }
  for (const { prefix, classId } of group.statics) {
    const entry = formatPrefix(prefix)
    yield { group: group.name, verdict: 'allow', entry, ports: classPorts(plan, [classId]) }
  }
  for (const entry of names.denyEntries(group.id))
    yield { group: group.name, verdict: 'deny', entry, ...labelled(names.label(group.id, nameOf(entry))) }
  for (const prefix of group.denyPrefixes) yield { group: group.name, verdict: 'deny', entry: formatPrefix(prefix) }
}

const labelled = (label: string | undefined) => (label === undefined ? {} : { label })

/** The policy file as it lies on the disk now. Throws `policy.file` for one that a commit would not read. */
export function showPolicyFile(layout: Layout, plan: Plan): Shown {
  const { policyFile } = plan.source
  if (policyFile === undefined) fail('policy.file', 'The live policy does not come from a file.')
  const text = readPolicyFile(layout, policyFile).toString('utf8')
  // It may have been edited since it was checked; a terminal would act on control characters.
  const harmless = text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, '?')
  return { data: { policyFile, text }, text: harmless.endsWith('\n') ? harmless : `${harmless}\n` }
}
