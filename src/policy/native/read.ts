import { formatPrefix, parsePrefix } from '../../base/address.ts'
import { ClawgressError, type Problem } from '../../base/errors.ts'
import { CONFIG_ADVICE } from '../advice.ts'
import { AttributeList, normaliseAttributes, type RawAttributes } from '../attributes.ts'
import { NameEntries } from '../name-entries.ts'
import { normaliseName } from '../names/normalise.ts'
import { readPorts } from '../ports.ts'
import { PrefixEntries } from '../prefix-entries.ts'
import { ProblemList } from '../problems.ts'
import { allowDomainEntry, allowPrefixEntry, denyDomainEntry, denyPrefixEntry, policyDocument } from '../schema.ts'
import type { EntryAttributes, ListName, Policy } from '../types.ts'
import {
  ENTRY_FIELDS,
  isNodes,
  listNode,
  type NodeValue,
  type PolicyNodes,
  placeOf,
  valuesOf,
  type Words,
} from './nodes.ts'

/** The fields that an entry of a list may have, and what they hold; the name or prefix is judged elsewhere. */
const SCHEMAS = {
  allow: { domain: allowDomainEntry.omit({ name: true }), address: allowPrefixEntry.omit({ prefix: true }) },
  deny: { domain: denyDomainEntry.omit({ name: true }), address: denyPrefixEntry.omit({ prefix: true }) },
}

const BRANCHES = ['description', 'allow', 'deny', 'label']

/** An entry of the tree, with its name or prefix in normal form. */
interface Entry {
  readonly list: ListName
  readonly what: 'domain' | 'address'
  readonly normal: string
  readonly words: Words
  readonly nodes: PolicyNodes
}

/**
 * Reads and checks the policy that lies in the configuration, below `service clawgress policy`. The same nodes give the
 * same policy in whatever order they are handed over. Throws ClawgressError with every problem (the first 50, then
 * their count), each with its configuration path.
 */
export function readNativePolicy(nodes: PolicyNodes): { policy: Policy; warnings: Problem[] } {
  const problems = new ProblemList()
  const warnings = new ProblemList()
  const attributes = new AttributeList()
  const names = new NameEntries(1024, attributes, problems, warnings, CONFIG_ADVICE)
  const prefixes = new PrefixEntries(problems, warnings, CONFIG_ADVICE)
  for (const name of Object.keys(nodes)) if (!BRANCHES.includes(name)) refuseNode(problems, [name])
  const entries = collectEntries(nodes, problems)
  entries.forEach((entry, position) => {
    const { list, what, normal, words } = entry
    const said = list === 'label' ? readTag(entry, problems) : readAttributes(entry, list, problems)
    if (said === undefined) return
    if (what === 'domain') names.addText(normal, list, position, said, words)
    else prefixes.add(normal, list, position, said, words)
  })
  const { ports, description } = readRest(nodes, problems)
  const part = {
    origin: 'config',
    names: names.finish(),
    attributes: attributes.list,
    prefixes: prefixes.finish(),
  } as const
  if (problems.count > 0) throw new ClawgressError(problems.tellPlaces(place))
  const policy: Policy = {
    ...(description === undefined || description === '' ? {} : { description }),
    ...(ports === undefined ? {} : { ports: readPorts(ports) }),
    parts: [{ ...part, ...spellingsOf(entries) }],
  }
  return { policy, warnings: warnings.tellPlaces(place) }
}

const place = (path: readonly (string | number)[]): string => placeOf(path.map(String))

const refuseNode = (problems: ProblemList, words: Words): void =>
  problems.add('config.path', words, 'This node does not exist in this version.')

/** Every entry once, sorted by list and name; what is no entry, and what stands twice, becomes a problem. */
function collectEntries(nodes: PolicyNodes, problems: ProblemList): Entry[] {
  const entries = new Map<string, Entry>()
  const add = (list: ListName, what: Entry['what'], tag: string, below: NodeValue): void => {
    const words = [...listNode(list, what), tag]
    const normal = normalForm(what, tag)
    const key = `${list} ${what} ${normal}`
    const earlier = entries.get(key)
    if (earlier === undefined) entries.set(key, { list, what, normal, words, nodes: isNodes(below) ? below : {} })
    else {
      const message = `${tag} means the same as ${earlier.words.at(-1)}, which stands at ${placeOf(earlier.words)}. Delete one of them.`
      problems.add('policy.duplicate-entry', words, message)
    }
  }
  for (const list of ['allow', 'deny'] as const) {
    const branch = nodes[list]
    if (!isNodes(branch)) continue
    for (const [name, tags] of Object.entries(branch)) {
      if (name === 'domain' || name === 'address') for (const [tag, below] of tagsOf(tags)) add(list, name, tag, below)
      else if (!(list === 'allow' && name === 'port')) refuseNode(problems, [list, name])
    }
  }
  for (const [tag, below] of tagsOf(nodes.label)) add('label', isPrefixLike(tag) ? 'address' : 'domain', tag, below)
  return [...entries].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry)
}

const tagsOf = (value: NodeValue | undefined): [string, NodeValue][] => (isNodes(value) ? Object.entries(value) : [])

/** As in the file: what could not be a name is meant as a prefix. */
const isPrefixLike = (text: string): boolean => /[:/]/.test(text) || parsePrefix(text) !== undefined

/** The text itself where it is no name or prefix: the sentence about that comes later. */
function normalForm(what: Entry['what'], tag: string): string {
  if (what === 'address') {
    const prefix = parsePrefix(tag)
    return prefix === undefined || prefix.hostBits ? tag : formatPrefix(prefix)
  }
  const normal = normaliseName(tag)
  if (typeof normal === 'string') return tag
  return normal.wildcard ? `*.${normal.name}` : normal.name
}

function readTag({ words, nodes }: Entry, problems: ProblemList): EntryAttributes | undefined {
  for (const name of Object.keys(nodes)) if (name !== 'tag') refuseNode(problems, [...words, name])
  const { tag } = nodes
  if (typeof tag !== 'string') {
    problems.add('config.missing', words, 'This label says nothing: set its tag.')
    return undefined
  }
  return check({ label: tag }, words, SCHEMAS.deny.domain, problems, { label: 'tag' })
}

function readAttributes(
  { what, words, nodes }: Entry,
  list: 'allow' | 'deny',
  problems: ProblemList,
): EntryAttributes | undefined {
  const schema = SCHEMAS[list][what]
  const raw: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(nodes)) {
    const field = ENTRY_FIELDS[name as keyof typeof ENTRY_FIELDS]
    if (field === undefined || !(field in schema.shape)) refuseNode(problems, [...words, name])
    else if (field === 'ports' || field === 'protocols') raw[field] = valuesOf(value)
    else raw[field] = isNodes(value) && (field === 'wide' || field === 'public_suffix') ? true : value
  }
  return check(raw, words, schema, problems, NODE_OF_FIELD)
}

const NODE_OF_FIELD: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(ENTRY_FIELDS).map(([node, field]) => [field, node]),
)

/** Judges what an entry says by the schema of policy.json, so that both forms accept the same. */
function check(
  raw: Record<string, unknown>,
  words: Words,
  schema: (typeof SCHEMAS)['allow' | 'deny']['domain' | 'address'],
  problems: ProblemList,
  nodeOfField: Readonly<Record<string, string>>,
): EntryAttributes | undefined {
  const checked = schema.safeParse(raw)
  if (checked.success) return normaliseAttributes(checked.data as RawAttributes)
  for (const { path, message } of checked.error.issues)
    problems.add('config.value', [...words, nodeOfField[String(path[0])] ?? String(path[0])], message)
  return undefined
}

function readRest(nodes: PolicyNodes, problems: ProblemList) {
  const { allow, description } = nodes
  const ports = isNodes(allow) ? allow.port : undefined
  const checked = policyDocument.safeParse({
    version: 1,
    ...(description === undefined ? {} : { description }),
    ...(ports === undefined ? {} : { allow: { ports: valuesOf(ports) } }),
  })
  if (checked.success) return { ports: checked.data.allow?.ports, description: checked.data.description }
  for (const { path, message } of checked.error.issues)
    problems.add('config.value', path[0] === 'description' ? ['description'] : ['allow', 'port'], message)
  return {}
}

/** Entries that are written otherwise than in normal form: a rule names the node that an operator can delete. */
function spellingsOf(entries: readonly Entry[]): { spellings?: Readonly<Record<string, string>> } {
  const other = entries.filter(({ words, normal }) => words.at(-1) !== normal)
  if (other.length === 0) return {}
  return { spellings: Object.fromEntries(other.map(({ list, normal, words }) => [`${list} ${normal}`, words.at(-1)!])) }
}
