import { compareNames } from './node-order.ts'

/** One node of a configuration, without its name. A tag node's children are its tag values. */
export interface ConfigNode {
  readonly values: readonly string[]
  readonly children: ReadonlyMap<string, ConfigNode>
  readonly tag: boolean
  /** A leaf without a value: VyOS writes it without the braces that an empty node has. Says nothing else. */
  readonly valueless?: boolean
  readonly comment?: string
}

export const EMPTY_NODE: ConfigNode = { values: [], children: new Map(), tag: false }

/** Children in the order in which VyOS writes them. */
export function sortedChildren(node: ConfigNode): [string, ConfigNode][] {
  const entries = [...node.children]
  return entries.length < 2 ? entries : entries.sort(([a], [b]) => compareNames(a, b))
}

/** Same content; the order of children does not matter, nor whether what is empty is a leaf; the order of values does. */
export function sameNode(a: ConfigNode | undefined, b: ConfigNode | undefined): boolean {
  if (a === b) return true
  if (a === undefined || b === undefined) return false
  if (a.tag !== b.tag || a.comment !== b.comment || a.children.size !== b.children.size) return false
  if (!sameValues(a.values, b.values)) return false
  for (const [name, child] of a.children) if (!sameNode(child, b.children.get(name))) return false
  return true
}

export const sameValues = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((value, index) => value === b[index])

/** A copy with one child replaced, or removed where `child` is undefined. */
export function withChild(node: ConfigNode, name: string, child: ConfigNode | undefined): ConfigNode {
  const children = new Map(node.children)
  if (child === undefined) children.delete(name)
  else children.set(name, child)
  return { ...node, children }
}
