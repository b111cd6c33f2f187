import type { ListName, PolicyPart } from '../types.ts'

/** What lies below `service clawgress policy`, as VyOS hands configuration to a handler. */
export interface PolicyNodes {
  readonly [name: string]: NodeValue
}
export type NodeValue = string | readonly string[] | PolicyNodes

/** Words of a configuration path below `service clawgress policy`; the value of a leaf is the last of them. */
export type Words = readonly string[]

export const POLICY_PATH: Words = ['service', 'clawgress', 'policy']

/** A configuration path for a sentence or a record. */
export const placeOf = (words: Words): string => [...POLICY_PATH, ...words].join(' ')

/** Tag nodes that hold names or prefixes; a label's node holds both. */
export const listNode = (list: ListName, what: 'domain' | 'address'): Words =>
  list === 'label' ? ['label'] : [list, what]

/** Path of the node that an entry stands at, as the operator wrote it and can delete it. */
export const entryPlace = (
  { spellings }: Pick<PolicyPart, 'spellings'>,
  list: ListName,
  what: 'domain' | 'address',
  text: string,
): string => placeOf([...listNode(list, what), spellings?.[`${list} ${text}`] ?? text])

/** Node of an entry and the field of policy.json that says the same. */
export const ENTRY_FIELDS = {
  port: 'ports',
  protocol: 'protocols',
  label: 'label',
  reason: 'reason',
  'public-suffix': 'public_suffix',
  wide: 'wide',
} as const

export const isNodes = (value: NodeValue | undefined): value is PolicyNodes =>
  typeof value === 'object' && !Array.isArray(value)

/** VyOS gives a multi leaf with one value as text where it does not know the definition. */
export const valuesOf = (value: NodeValue | undefined): readonly string[] =>
  typeof value === 'string' ? [value] : Array.isArray(value) ? (value as readonly string[]) : []

/** The nodes as words, one line for each value, valueless leaf and empty node, sorted. */
export function wordsOf(nodes: PolicyNodes): Words[] {
  const lines: Words[] = []
  const walk = (value: NodeValue, path: Words): void => {
    if (!isNodes(value)) for (const text of valuesOf(value)) lines.push([...path, text])
    else if (Object.keys(value).length === 0 && path.length > 0) lines.push(path)
    else for (const [name, child] of Object.entries(value)) walk(child, [...path, name])
  }
  walk(nodes, [])
  return lines.sort(compareWords)
}

const compareWords = (a: Words, b: Words): number => {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i]! < b[i]! ? -1 : 1
  return a.length - b.length
}
