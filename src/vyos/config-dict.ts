import type { ConfigNode } from './config-node.ts'
import type { ConfigTree, Path } from './config-tree.ts'
import type { Definition } from './definition.ts'
import type { Definitions } from './definitions.ts'

export type ConfigValue = string | readonly string[] | ConfigDict

/**
 * A configuration subtree in the shape that VyOS hands to a handler: a leaf is a string, a multi leaf a list, a
 * valueless leaf or empty node `{}`, a node or tag node a dict.
 */
export interface ConfigDict {
  readonly [name: string]: ConfigValue
}

/** JSON form of a node as libvyosconfig gives it: without definitions a multi leaf with one value is a string. */
export function plainValue(node: ConfigNode): ConfigValue {
  if (node.children.size === 0 && node.values.length > 0)
    return node.values.length === 1 ? node.values[0]! : node.values
  return Object.fromEntries([...node.children].map(([name, child]) => [name, plainValue(child)]))
}

const defaultOf = (definition: Definition): ConfigValue | undefined =>
  definition.multi ? definition.defaultValue?.split(/\s+/) : definition.defaultValue

function leafValue(definition: Definition, node: ConfigNode): ConfigValue {
  if (definition.multi) return node.values
  return plainValue(node)
}

function dictOf(
  children: ReadonlyMap<string, Definition>,
  node: ConfigNode | undefined,
  withDefaults: boolean,
): ConfigDict {
  const entries = new Map<string, ConfigValue>()
  for (const [name, child] of node?.children ?? []) {
    const definition = children.get(name)
    if (definition === undefined) entries.set(name, plainValue(child))
    else if (definition.kind === 'leaf') entries.set(name, leafValue(definition, child))
    else if (definition.kind === 'node') entries.set(name, dictOf(definition.children, child, withDefaults))
    else {
      const tags = [...child.children].map(([tag, inner]) => [tag, dictOf(definition.children, inner, withDefaults)])
      entries.set(name, Object.fromEntries(tags))
    }
  }
  if (!withDefaults) return Object.fromEntries(entries)
  for (const [name, definition] of children) {
    if (entries.has(name)) continue
    if (definition.kind === 'leaf') {
      const value = defaultOf(definition)
      if (value !== undefined) entries.set(name, value)
    } else if (definition.kind === 'node') {
      const defaults = dictOf(definition.children, undefined, true)
      if (Object.keys(defaults).length > 0) entries.set(name, defaults)
    }
  }
  return Object.fromEntries(entries)
}

/**
 * What VyOS's `Config.get_config_dict(path, get_first_key=True, no_tag_node_value_mangle=True,
 * with_recursive_defaults=True)` gives (vyos-1x, config.py and xml_ref/definition.py): defaults of absent nodes appear
 * in dicts of their own, tag nodes get the defaults of each tag value, never a tag value of their own.
 * Undefined where the path does not exist, which a VyOS handler asks with `exists`.
 */
export function configDict(
  tree: ConfigTree,
  definitions: Definitions,
  path: Path,
  { withDefaults = true }: { withDefaults?: boolean } = {},
): ConfigDict | undefined {
  const node = tree.get(path)
  if (node === undefined) return undefined
  const lookup = definitions.locate(path)
  return dictOf(lookup.ok ? lookup.located.children : new Map(), node, withDefaults)
}

/** The whole tree as JSON, as `show configuration json` prints it. */
export const configJson = (tree: ConfigTree): ConfigDict => plainValue({ ...tree.root, values: [] }) as ConfigDict
