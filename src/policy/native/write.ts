import { entriesOf, type PolicyEntry, portText } from '../entries.ts'
import type { EntryAttributes, Policy } from '../types.ts'
import { listNode, type PolicyNodes, type Words, wordsOf } from './nodes.ts'

/** What `set` needs to be told, below `service clawgress policy`, so that the configuration holds the policy. */
export function nativeWords(policy: Policy): Words[] {
  const { description, ports = [] } = policy
  return [
    ...(description === undefined ? [] : [['description', description]]),
    ...ports.map((range) => ['allow', 'port', portText(range)]),
    ...[...entriesOf(policy)].flatMap(entryWords),
  ]
}

function entryWords({ list, what, text, attributes }: PolicyEntry): Words[] {
  const node = [...listNode(list, what), text]
  if (list === 'label') return [[...node, 'tag', attributes.label!]]
  const said = attributeWords(attributes)
  return said.length === 0 ? [node] : said.map((words) => [...node, ...words])
}

const attributeWords = ({ ports, protocols, label, reason, publicSuffix, wide }: EntryAttributes): Words[] => [
  ...(ports ?? []).map((range) => ['port', portText(range)]),
  ...(protocols ?? []).map((protocol) => ['protocol', protocol]),
  ...(label === undefined ? [] : [['label', label]]),
  ...(reason === undefined ? [] : [['reason', reason]]),
  ...(publicSuffix === true ? [['public-suffix']] : []),
  ...(wide === true ? [['wide']] : []),
]

/** What leads from one policy in the configuration to another: paths to delete, then paths to set. */
export interface NativeChange {
  readonly remove: readonly Words[]
  readonly set: readonly Words[]
}

/** The least change; an entry that goes is deleted as a whole. */
export function nativeChange(before: PolicyNodes, after: Policy): NativeChange {
  const next = nativeWords(after)
  const old = wordsOf(before)
  const present = beginningsOf(next)
  const known = beginningsOf(old)
  const remove = new Map<string, Words>()
  for (const words of old) {
    const gone = firstGone(words, present)
    if (gone !== undefined) remove.set(keyOf(gone), gone)
  }
  return { remove: [...remove.values()], set: next.filter((words) => !known.has(keyOf(words))) }
}

const keyOf = (words: Words): string => words.join('\0')

/** Every node that the lines pass or end at. */
const beginningsOf = (lines: readonly Words[]): ReadonlySet<string> =>
  new Set(lines.flatMap((words) => words.map((_, at) => keyOf(words.slice(0, at + 1)))))

/** The shortest beginning of a path that the next policy does not hold. `allow` and its like stay, empty. */
function firstGone(words: Words, present: ReadonlySet<string>): Words | undefined {
  for (let end = 1; end <= words.length; end++) {
    const head = words.slice(0, end)
    if (!present.has(keyOf(head))) return head
  }
  return undefined
}
