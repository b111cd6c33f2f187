import { formatPrefix } from '../base/address.ts'
import { compareTables } from './names/compare.ts'
import { KIND, type NameTable } from './names/table.ts'
import { DEFAULT_PORTS, formatPorts, type PortRange } from './ports.ts'
import type { EntryAttributes, ListName, Policy, PolicyPrefix } from './types.ts'

export type DiffList = `${'allow' | 'deny'}.${'domains' | 'ips'}` | 'labels'

export interface DiffEntry {
  /** The entry, normalised: `*.example.com`, `1.2.3.0/24`. */
  readonly text: string
  /** What it says besides, in words; empty where nothing. */
  readonly attributes: string
}

export interface ChangedEntry extends DiffEntry {
  /** What it said before. */
  readonly before: string
}

/** Bounded lists with full counts. */
export interface ListDiff {
  readonly added: readonly DiffEntry[]
  readonly removed: readonly DiffEntry[]
  readonly changed: readonly ChangedEntry[]
  readonly counts: { readonly added: number; readonly removed: number; readonly changed: number }
}

export interface PolicyDiff {
  /** Nothing differs in meaning. */
  readonly same: boolean
  readonly lists: Readonly<Record<DiffList, ListDiff>>
  /** `allow.ports`, where other ports are open by it; undefined inside: the default. */
  readonly ports?: { readonly before: string | undefined; readonly after: string | undefined }
  readonly description?: { readonly before: string | undefined; readonly after: string | undefined }
}

/** Entries kept of each kind of change in each list; the rest is counted. */
const KEPT_CHANGES = 1000

class ListCollector implements ListDiff {
  readonly added: DiffEntry[] = []
  readonly removed: DiffEntry[] = []
  readonly changed: ChangedEntry[] = []
  readonly counts = { added: 0, removed: 0, changed: 0 }

  note(what: 'added' | 'removed', entry: () => DiffEntry): void {
    if (++this.counts[what] <= KEPT_CHANGES) this[what].push(entry())
  }

  noteChange(entry: () => ChangedEntry): void {
    if (++this.counts.changed <= KEPT_CHANGES) this.changed.push(entry())
  }
}

type Lists = Record<DiffList, ListCollector>

/**
 * What differs between two policies in meaning; order and spelling do not count, nor whether a default is written out.
 * `old` absent: everything is new.
 */
export function diffPolicies(old: Policy | undefined, next: Policy): PolicyDiff {
  const lists: Lists = {
    'allow.domains': new ListCollector(),
    'allow.ips': new ListCollector(),
    'deny.domains': new ListCollector(),
    'deny.ips': new ListCollector(),
    labels: new ListCollector(),
  }
  diffNameLists(old, next, lists)
  diffPrefixes(old, next, lists)
  const ports =
    formatPorts(portsOf(old)) === formatPorts(portsOf(next))
      ? undefined
      : { before: formatOptional(old?.ports), after: formatOptional(next.ports) }
  const description = changeOf(old?.description, next.description)
  const touched = Object.values(lists).some(({ counts }) => counts.added + counts.removed + counts.changed > 0)
  return {
    same: !touched && ports === undefined && description === undefined,
    lists,
    ...(ports === undefined ? {} : { ports }),
    ...(description === undefined ? {} : { description }),
  }
}

function diffNameLists(old: Policy | undefined, next: Policy, lists: Lists): void {
  const parts = [...(old?.parts ?? []), ...next.parts]
  const attributesOf = new Map(parts.map((part) => [part.names, part.attributes]))
  const said = (table: NameTable, entry: number) => attributesOf.get(table)?.[table.attributes[entry]!] ?? {}
  const describe = memoized(describeAttributes)
  const before = memoized((attributes) => describeEffect(attributes, old))
  const after = memoized((attributes) => describeEffect(attributes, next))
  const entryOf = (table: NameTable, entry: number): DiffEntry => ({
    text: table.text(entry),
    attributes: describe(said(table, entry)),
  })
  const listOf = (table: NameTable, entry: number) => lists[NAME_LISTS[table.kind(entry) >> 1]!]
  const tablesOf = (policy: Policy | undefined) => policy?.parts.map((part) => part.names) ?? []
  compareTables(tablesOf(old), tablesOf(next), {
    added: (table, entry) => {
      listOf(table, entry).note('added', () => entryOf(table, entry))
      return true
    },
    removed: (table, entry) => {
      listOf(table, entry).note('removed', () => entryOf(table, entry))
      return true
    },
    kept: (table, entry, nextTable, nextEntry) => {
      const [was, is] = [said(table, entry), said(nextTable, nextEntry)]
      if (describe(was) === describe(is) || before(was) === after(is)) return
      listOf(table, entry).noteChange(() => ({ ...entryOf(nextTable, nextEntry), before: describe(was) }))
    },
  })
}

/** Many entries share their attributes. */
function memoized(describe: (attributes: EntryAttributes) => string): (attributes: EntryAttributes) => string {
  const known = new Map<EntryAttributes, string>()
  return (attributes) => {
    const text = known.get(attributes) ?? describe(attributes)
    known.set(attributes, text)
    return text
  }
}

/** TCP and UDP. */
const ALL_PROTOCOLS = 2
const NAME_LISTS = {
  [KIND.allow >> 1]: 'allow.domains',
  [KIND.deny >> 1]: 'deny.domains',
  [KIND.label >> 1]: 'labels',
} as const
const PREFIX_LISTS: Record<ListName, DiffList> = { allow: 'allow.ips', deny: 'deny.ips', label: 'labels' }

function diffPrefixes(old: Policy | undefined, next: Policy, lists: Lists): void {
  const byText = (policy: Policy | undefined) =>
    new Map((policy?.parts ?? []).flatMap((part) => part.prefixes).map(keyed))
  const before = byText(old)
  const after = byText(next)
  for (const [key, entry] of before)
    if (!after.has(key)) lists[PREFIX_LISTS[entry.list]].note('removed', () => prefixDiff(entry))
  for (const [key, entry] of after) {
    const earlier = before.get(key)
    const list = lists[PREFIX_LISTS[entry.list]]
    if (earlier === undefined) list.note('added', () => prefixDiff(entry))
    else {
      const was = describeAttributes(earlier.attributes)
      const isSame =
        was === describeAttributes(entry.attributes) ||
        describeEffect(earlier.attributes, old) === describeEffect(entry.attributes, next)
      if (!isSame) list.noteChange(() => ({ ...prefixDiff(entry), before: was }))
    }
  }
}

const keyed = (entry: PolicyPrefix) => [`${entry.list} ${formatPrefix(entry.prefix)}`, entry] as const

const prefixDiff = (entry: PolicyPrefix): DiffEntry => ({
  text: formatPrefix(entry.prefix),
  attributes: describeAttributes(entry.attributes),
})

const formatOptional = (ports: readonly PortRange[] | undefined) =>
  ports === undefined ? undefined : formatPorts(ports)

const changeOf = (before: string | undefined, after: string | undefined) =>
  before === after ? undefined : { before, after }

const portsOf = (policy: Policy | undefined) => policy?.ports ?? DEFAULT_PORTS

/** As `describeAttributes`, with what the policy's defaults make of an entry. */
const describeEffect = ({ protocols, ...others }: EntryAttributes, policy: Policy | undefined): string =>
  describeAttributes({
    ...others,
    ports: others.ports ?? portsOf(policy),
    ...(protocols === undefined || protocols.length === ALL_PROTOCOLS ? {} : { protocols }),
  })

/** `ports 22,443 tcp label git`: the same words for the same meaning. */
function describeAttributes(attributes: EntryAttributes): string {
  const words: string[] = []
  if (attributes.ports !== undefined) words.push(`ports ${formatPorts(attributes.ports)}`)
  if (attributes.protocols !== undefined) words.push(attributes.protocols.join('+'))
  if (attributes.label !== undefined) words.push(`label "${attributes.label}"`)
  if (attributes.reason !== undefined) words.push(`reason "${attributes.reason}"`)
  if (attributes.publicSuffix === true) words.push('public suffix')
  if (attributes.wide === true) words.push('wide')
  return words.join(', ')
}
