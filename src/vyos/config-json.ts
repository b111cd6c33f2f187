import { ClawgressError, fail, type Problem } from '../base/errors.ts'
import { type ConfigNode, EMPTY_NODE, sortedChildren } from './config-node.ts'
import { ConfigTree } from './config-tree.ts'
import type { Definition } from './definition.ts'
import type { Definitions } from './definitions.ts'

type Children = ReadonlyMap<string, Definition>
const NONE: Children = new Map()

export interface JsonOptions {
  /** One member a line, four spaces deep, as `show configuration json pretty`. */
  readonly pretty?: boolean
  /**
   * As in operational mode: multi leaves become lists even where they have one value, members stand in VyOS's order.
   * Without it as after `show | json`: members in plain order.
   */
  readonly definitions?: Definitions
}

/** What Python's json.dumps makes of a string: nothing but ASCII. */
const text = (value: string): string =>
  JSON.stringify(value).replace(/[\x7f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)

/**
 * The tree as VyOS prints JSON (Python's json.dumps over what `get_config_dict` gives): a valueless leaf or empty node
 * is `{}`.
 */
export function printJson(tree: ConfigTree, { pretty = false, definitions }: JsonOptions = {}): string {
  const listOf = (open: string, close: string, items: readonly string[], indent: string): string => {
    if (items.length === 0) return open + close
    if (!pretty) return open + items.join(', ') + close
    return `${open}\n${items.map((item) => `${indent}    ${item}`).join(',\n')}\n${indent}${close}`
  }
  const print = (node: ConfigNode, definition: Definition | undefined, children: Children, indent: string): string => {
    if (node.children.size === 0 && node.values.length > 0) {
      const isList = node.values.length > 1 || definition?.multi === true
      return isList ? listOf('[', ']', node.values.map(text), indent) : text(node.values[0]!)
    }
    const entries =
      definitions === undefined ? [...node.children].sort(([a], [b]) => (a < b ? -1 : 1)) : sortedChildren(node)
    const members = entries.map(([name, child]) => {
      const inner = node.tag ? undefined : children.get(name)
      return `${text(name)}: ${print(child, inner, node.tag ? children : (inner?.children ?? NONE), `${indent}    `)}`
    })
    return listOf('{', '}', members, indent)
  }
  return print(tree.root, undefined, definitions?.roots ?? NONE, '')
}

/**
 * Reads JSON that `printJson` wrote. JSON does not tell a tag node from a node, nor a value's name from a node's; the
 * definitions do, and a path that they do not know is refused.
 * @throws ClawgressError config.syntax where it is no JSON, config.path or config.value with the configuration paths
 */
export function parseJson(source: string, definitions: Definitions, file?: string): ConfigTree {
  const where = file === undefined ? {} : { file }
  let json: unknown
  try {
    json = JSON.parse(source)
  } catch (error) {
    fail('config.syntax', `This is not JSON: ${(error as Error).message}.`, where)
  }
  const problems: Problem[] = []
  const refuse = (code: 'config.path' | 'config.value', message: string, path: readonly string[]): ConfigNode => {
    problems.push({ code, message, ...where, path: path.join(' ') })
    return EMPTY_NODE
  }

  const members = (value: unknown, path: readonly string[]): [string, unknown][] => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value)
    refuse('config.value', 'An object is expected here.', path)
    return []
  }

  const leaf = (definition: Definition, value: unknown, path: readonly string[]): ConfigNode => {
    if (definition.valueless) {
      return members(value, path).length === 0
        ? { ...EMPTY_NODE, valueless: true }
        : refuse('config.value', 'This node takes no value.', path)
    }
    const values: unknown[] = Array.isArray(value) ? value : [value]
    if (!values.every((each) => typeof each === 'string')) {
      return refuse('config.value', 'A string, or a list of strings, is expected here.', path)
    }
    return { ...EMPTY_NODE, values }
  }

  const node = (children: Children, value: unknown, path: readonly string[]): ConfigNode => {
    const built = new Map<string, ConfigNode>()
    for (const [name, child] of members(value, path)) {
      const definition = children.get(name)
      const at = [...path, name]
      if (definition === undefined) refuse('config.path', 'This node does not exist in this version.', at)
      else if (definition.kind === 'leaf') built.set(name, leaf(definition, child, at))
      else if (definition.kind === 'node') built.set(name, node(definition.children, child, at))
      else {
        const tags = members(child, at).map(
          ([tag, inner]) => [tag, node(definition.children, inner, [...at, tag])] as const,
        )
        if (tags.length > 0) built.set(name, { ...EMPTY_NODE, tag: true, children: new Map(tags) })
      }
    }
    return { ...EMPTY_NODE, children: built }
  }

  const root = node(definitions.roots, json, [])
  if (problems.length > 0) throw new ClawgressError(problems)
  return new ConfigTree(root, '')
}
