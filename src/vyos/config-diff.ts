import { type ConfigNode, EMPTY_NODE, sameNode, sameValues, sortedChildren, withChild } from './config-node.ts'
import { printNamedNode } from './config-printer.ts'
import { ConfigTree, type Path } from './config-tree.ts'
import { compareNames } from './node-order.ts'
import { printDeleteCommands, printSetCommands } from './set-commands.ts'

/** Left names first, in plain order, then those that only the right has: the order of vyos1x-config's opt_zip. */
function pairs(left: ConfigNode, right: ConfigNode): string[] {
  const only = [...right.children.keys()].filter((name) => !left.children.has(name))
  return [...[...left.children.keys()].sort(), ...only.sort()]
}

const marked = (mark: string, name: string, node: ConfigNode): string[] =>
  printNamedNode(name, node).map((line) => `${mark} ${line}`)

/**
 * Differences as `compare` prints them (vyos1x-config, config_diff.ml): a `[path]` line before each group, then lines
 * that begin with `-` or `+`. Empty where the trees say the same below `path`. As on VyOS the `[path]` of a comparison
 * below `path` begins with the last word of `path`.
 */
export function formatCompare(before: ConfigTree, after: ConfigTree, path: Path = []): string {
  const lines: string[] = []
  let shown: string | undefined
  const add = (parent: Path, changes: readonly string[]) => {
    const heading = `[${parent.join(' ')}]`
    if (heading !== (shown ?? '[]')) lines.push(heading)
    shown = heading
    lines.push(...changes)
  }
  const leaf = (name: string, old: ConfigNode, now: ConfigNode): string[] => {
    const gone = old.values.filter((value) => !now.values.includes(value)).sort(compareNames)
    const fresh = now.values.filter((value) => !old.values.includes(value)).sort(compareNames)
    return [
      ...(gone.length > 0 ? marked('-', name, { ...old, values: gone }) : []),
      ...(fresh.length > 0 ? marked('+', name, { ...now, values: fresh }) : []),
    ]
  }
  const walk = (at: Path, old: ConfigNode, now: ConfigNode): void => {
    for (const name of pairs(old, now)) {
      const left = old.children.get(name)
      const right = now.children.get(name)
      if (right === undefined) add(at, marked('-', name, left!))
      else if (left === undefined) add(at, marked('+', name, right))
      else if (!sameNode(left, right)) {
        if (sameValues(left.values, right.values)) walk([...at, name], left, right)
        else add(at, leaf(name, left, right))
      }
    }
  }
  walk(path.slice(-1), before.get(path) ?? EMPTY_NODE, after.get(path) ?? EMPTY_NODE)
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}

/**
 * The commands that lead from one tree to the other: `delete` lines first, then `set` lines, as `compare commands`
 * prints them. As on VyOS a removed subtree is one line a leaf, and comments are left out.
 */
export function formatCommandDiff(before: ConfigTree, after: ConfigTree): { deletes: string[]; sets: string[] } {
  const deletes: string[] = []
  const sets: string[] = []
  const walk = (path: Path, old: ConfigNode, now: ConfigNode): void => {
    for (const name of pairs(old, now)) {
      const [left, right] = [old.children.get(name), now.children.get(name)]
      const at = [...path, name]
      if (sameNode(left, right)) continue
      if (right === undefined) deletes.push(...printDeleteCommands(before, at))
      else if (left === undefined) sets.push(...printSetCommands(after, at))
      else if (sameValues(left.values, right.values)) walk(at, left, right)
      else {
        const gone = left.values.filter((value) => !right.values.includes(value)).sort(compareNames)
        const fresh = right.values.filter((value) => !left.values.includes(value)).sort(compareNames)
        if (gone.length > 0) deletes.push(...printDeleteCommands(before.replace(at, { ...left, values: gone }), at))
        if (fresh.length > 0) sets.push(...printSetCommands(after.replace(at, { ...right, values: fresh }), at))
      }
    }
  }
  walk([], before.root, after.root)
  return { deletes, sets: sets.filter((line) => line.startsWith('set')) }
}

type Prefix = '+' | '-' | '>' | ' '

const NEEDS_QUOTES = /[*}{;\t\n\v\f\r ]/
const shown = (value: string): string => (value === '' || NEEDS_QUOTES.test(value) ? `"${value}"` : value)

/**
 * The configuration as `show` prints it in configuration mode (vyatta-cfg, cnode-algorithm.cpp): each line begins with
 * `+` (added), `-` (deleted), `>` (changed) or a space. Undefined where neither tree has anything below `path`.
 */
export function formatShow(active: ConfigTree, working: ConfigTree, path: Path = []): string | undefined {
  const lines: string[] = []
  const indent = (level: number): string => '    '.repeat(level)

  const leafLines = (name: string, old: ConfigNode | undefined, now: ConfigNode | undefined, level: number): void => {
    const line = (prefix: Prefix, value?: string) =>
      lines.push(`${prefix}${indent(level)}${name}${value === undefined ? '' : ` ${shown(value)}`}`)
    const either = (now ?? old)!
    const prefix: Prefix = old === undefined ? '+' : now === undefined ? '-' : ' '
    if (either.values.length === 0) return void line(prefix)
    if (old === undefined || now === undefined) {
      for (const value of either.values) line(prefix, value)
      return
    }
    if (old.values.length === 1 && now.values.length === 1) {
      return void line(old.values[0] === now.values[0] ? ' ' : '>', now.values[0])
    }
    for (const value of old.values) if (!now.values.includes(value)) line('-', value)
    for (const [index, value] of now.values.entries()) {
      line(!old.values.includes(value) ? '+' : old.values[index] === value ? ' ' : '>', value)
    }
  }

  const commentLine = (old: ConfigNode | undefined, now: ConfigNode | undefined, level: number): void => {
    const before = old?.comment
    const after = now?.comment
    if (before === undefined && after === undefined) return
    const prefix = before === undefined ? '+' : after === undefined ? '-' : before === after ? ' ' : '>'
    lines.push(`${prefix}${indent(level)}/* ${after ?? before} */`)
  }

  const block = (title: string, old: ConfigNode | undefined, now: ConfigNode | undefined, level: number): void => {
    const prefix: Prefix = old === undefined ? '+' : now === undefined ? '-' : ' '
    lines.push(`${prefix}${indent(level)}${title} {`)
    below(old, now, level + 1)
    lines.push(`${prefix}${indent(level)}}`)
  }

  const node = (name: string, old: ConfigNode | undefined, now: ConfigNode | undefined, level: number): void => {
    const either = (now ?? old)!
    if (either.tag) {
      for (const tag of names(old, now)) {
        const [left, right] = [old?.children.get(tag), now?.children.get(tag)]
        commentLine(left, right, level)
        block(`${name} ${shown(tag)}`, left, right, level)
      }
      return
    }
    commentLine(old, now, level)
    if (either.values.length > 0 || either.valueless === true) leafLines(name, old, now, level)
    else block(name, old, now, level)
  }

  const below = (old: ConfigNode | undefined, now: ConfigNode | undefined, level: number): void => {
    for (const name of names(old, now)) node(name, old?.children.get(name), now?.children.get(name), level)
  }

  const [old, now] = [active.get(path), working.get(path)]
  const last = path.at(-1)
  const either = now ?? old
  if (either === undefined) return undefined
  if (last !== undefined && (either.tag || either.values.length > 0)) node(last, old, now, 0)
  else below(old, now, 0)
  return lines.length === 0 ? undefined : `${lines.join('\n')}\n`
}

const names = (old: ConfigNode | undefined, now: ConfigNode | undefined): string[] =>
  [...new Set([...(old?.children.keys() ?? []), ...(now?.children.keys() ?? [])])].sort(compareNames)

/** Makes the changes that lead from `base` to `changed` to another tree, so that two sessions can commit in turn. */
export function rebase(base: ConfigTree, changed: ConfigTree, onto: ConfigTree): ConfigTree {
  const merge = (
    old: ConfigNode | undefined,
    now: ConfigNode | undefined,
    target: ConfigNode | undefined,
  ): ConfigNode | undefined => {
    if (sameNode(old, now)) return target
    if (now === undefined || target === undefined) return now
    let result: ConfigNode = {
      ...(sameValues(old?.values ?? [], now.values) ? target : { ...target, values: now.values }),
      tag: now.tag,
    }
    if (old?.comment !== now.comment) {
      const { comment: _, ...rest } = result
      result = now.comment === undefined ? rest : { ...rest, comment: now.comment }
    }
    for (const name of names(old, now)) {
      const child = merge(old?.children.get(name), now.children.get(name), target.children.get(name))
      if (child !== result.children.get(name)) result = withChild(result, name, child)
    }
    return result
  }
  return new ConfigTree(merge(base.root, changed.root, onto.root) ?? EMPTY_NODE, onto.footer)
}

/** Everything of both trees; where a leaf has one value in both, that of `added` wins, otherwise values join. */
export function mergeTrees(tree: ConfigTree, added: ConfigTree, isMulti: (path: Path) => boolean): ConfigTree {
  const merge = (path: Path, left: ConfigNode, right: ConfigNode): ConfigNode => {
    const joined = isMulti(path) ? [...new Set([...left.values, ...right.values])] : right.values
    const children = new Map(left.children)
    for (const [name, child] of sortedChildren(right)) {
      const existing = children.get(name)
      children.set(name, existing === undefined ? child : merge([...path, name], existing, child))
    }
    return {
      ...left,
      ...(right.comment === undefined ? {} : { comment: right.comment }),
      tag: left.tag || right.tag,
      values: right.values.length === 0 ? left.values : joined,
      children,
    }
  }
  return tree.withRoot(merge([], tree.root, added.root))
}
