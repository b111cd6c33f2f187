import { aggregate, formatPrefix, type Prefix } from '../base/address.ts'
import {
  DEFAULT_PORTS,
  type EntryAttributes,
  entryPlace,
  KIND,
  type Policy,
  type PolicyPart,
  type PolicyPrefix,
} from '../policy/index.ts'
import { ClassList } from './classes.ts'
import { COMPILER_VERSION, generationOf, hashPolicy, hashSettings } from './generation.ts'
import { FlatNameIndex } from './name-index.ts'
import type { NameList } from './name-lists.ts'
import { embeddingIPv6 } from './special-purpose.ts'
import type { Group, Plan, PlanSettings, PrefixEntry, StaticPrefix } from './types.ts'

/** Compiles a policy under the router's settings. `source` says where it came from, in the operator's words. */
export function compilePlan(policy: Policy, settings: PlanSettings, source: Plan['source'] = {}): Plan {
  const classes = new ClassList()
  const ports = policy.ports ?? DEFAULT_PORTS
  const classOf = (attributes: EntryAttributes) => classes.id(attributes, ports)
  const lists = policy.parts.map((part) => compileNames(part, classOf))
  const prefixes = policy.parts.flatMap((part) => part.prefixes.map((entry) => ({ ...entry, part })))
  const statics = compileStatics(prefixes, classOf)
  const denied = prefixes.filter((entry) => entry.list === 'deny').map((entry) => entry.prefix)
  const used = new Set([
    ...statics.map((entry) => entry.classId),
    ...lists.flatMap((list, i) => allowedClasses(list, policy.parts[i]!)),
  ])
  const group: Group = {
    id: 0,
    name: 'default',
    key: 'default',
    sources: [],
    statics,
    denyPrefixes: aggregate(denied.flatMap((prefix) => [prefix, ...embeddingIPv6(prefix)])),
    prefixEntries: prefixes.map(prefixEntry),
    classIds: [...used].sort((a, b) => a - b),
  }
  const policyHash = hashPolicy(policy)
  const settingsHash = hashSettings(settings)
  const { description } = policy
  return {
    generation: generationOf(policyHash, settingsHash),
    policyHash,
    settingsHash,
    compiler: COMPILER_VERSION,
    groups: [group],
    classes: classes.list,
    settings,
    source: { ...(description === undefined ? {} : { description }), ...source },
    names: new FlatNameIndex([lists]),
  }
}

function compileNames(part: PolicyPart, classOf: (attributes: EntryAttributes) => number): NameList {
  return {
    table: part.names,
    origin: part.origin,
    classOf: part.attributes.map(classOf),
    labels: part.attributes.map((attributes) => attributes.label),
    ...(part.spellings === undefined ? {} : { spellings: part.spellings }),
  }
}

/** Classes that at least one allowed name of the list has. */
function allowedClasses(list: NameList, part: PolicyPart): number[] {
  const used = new Set<number>()
  const wanted = part.attributes.length
  const { table } = list
  const seen = new Uint8Array(wanted)
  for (let entry = 0, left = wanted; entry < table.size && left > 0; entry++) {
    const attribute = table.attributes[entry]!
    if (seen[attribute] === 1 || table.kind(entry) > KIND.allowBelow) continue
    seen[attribute] = 1
    left--
    used.add(list.classOf[attribute]!)
  }
  return [...used]
}

function compileStatics(
  prefixes: readonly PolicyPrefix[],
  classOf: (attributes: EntryAttributes) => number,
): StaticPrefix[] {
  const byClass = new Map<number, Prefix[]>()
  for (const { list, prefix, attributes } of prefixes) {
    if (list !== 'allow') continue
    const classId = classOf(attributes)
    const listed = byClass.get(classId) ?? []
    listed.push(prefix)
    byClass.set(classId, listed)
  }
  return [...byClass].flatMap(([classId, listed]) => aggregate(listed).map((prefix) => ({ prefix, classId })))
}

function prefixEntry(entry: PolicyPrefix & { readonly part: PolicyPart }): PrefixEntry {
  const { prefix, list, part } = entry
  const label = entry.attributes.label === undefined ? {} : { label: entry.attributes.label }
  const text = formatPrefix(prefix)
  if (part.origin === 'config') return { prefix, list, path: entryPlace(part, list, 'address', text), ...label }
  return { prefix, list, path: list === 'label' ? '$.labels' : `$.${list}.ips[${entry.position}]`, ...label }
}
