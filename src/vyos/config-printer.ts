import { type ConfigNode, sortedChildren } from './config-node.ts'
import type { ConfigTree, Path } from './config-tree.ts'

const INDENT = '    '
const NEEDS_ESCAPE = /["\\\x00-\x1f\x7f]/
const ESCAPES: Record<string, string> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\t': '\\t',
  '\r': '\\r',
  '\b': '\\b',
}

/** A value between double quotes, control characters as three decimal digits (vyos1x-config, Util.escape_string). */
function quote(value: string): string {
  if (!NEEDS_ESCAPE.test(value)) return `"${value}"`
  const escaped = value.replace(
    /["\\\x00-\x1f\x7f]/g,
    (char) => ESCAPES[char] ?? `\\${String(char.charCodeAt(0)).padStart(3, '0')}`,
  )
  return `"${escaped}"`
}

/** VyOS writes tag values bare, and cannot read back those that need quotes; these are quoted here. */
const tagText = (tag: string): string =>
  tag === '' || /[\s{}"']/.test(tag) || /^\/[/*]/.test(tag) || NEEDS_ESCAPE.test(tag) ? quote(tag) : tag

function printNode(name: string, node: ConfigNode, indent: string, lines: string[]): void {
  if (node.tag) {
    for (const [tag, child] of sortedChildren(node)) {
      printComment(child, indent, lines)
      lines.push(`${indent}${name} ${tagText(tag)} {`)
      for (const [childName, grandchild] of sortedChildren(child)) {
        printNode(childName, grandchild, indent + INDENT, lines)
      }
      lines.push(`${indent}}`)
    }
    return
  }
  printComment(node, indent, lines)
  if (node.children.size > 0) {
    lines.push(`${indent}${name} {`)
    for (const [childName, child] of sortedChildren(node)) printNode(childName, child, indent + INDENT, lines)
    lines.push(`${indent}}`)
  } else if (node.values.length === 0) {
    lines.push(indent + name)
  } else {
    for (const value of node.values) lines.push(`${indent}${name} ${quote(value)}`)
  }
}

function printComment(node: ConfigNode, indent: string, lines: string[]): void {
  if (node.comment !== undefined) lines.push(`${indent}/* ${node.comment} */`)
}

/** Lines of one named node in config.boot format. */
export function printNamedNode(name: string, node: ConfigNode): string[] {
  const lines: string[] = []
  printNode(name, node, '', lines)
  return lines
}

/** The whole tree as VyOS writes config.boot, footer included. */
export function printConfig(tree: ConfigTree): string {
  const lines: string[] = []
  for (const [name, node] of sortedChildren(tree.root)) printNode(name, node, '', lines)
  const body = lines.length === 0 ? '' : `${lines.join('\n')}\n`
  return tree.footer === '' ? body : `${body}\n${tree.footer}`
}

const shellQuote = (value: string): string => `'${value.replaceAll("'", "'\\''")}'`
const commandWord = (word: string): string => (/^[\w.:/@%+,*-]+$/.test(word) ? word : shellQuote(word))

/** The `set` (and `comment`) commands that make what lies below `path`, as `show configuration commands` prints them. */
export function printSetCommands(tree: ConfigTree, path: Path = []): string[] {
  const node = tree.get(path)
  if (node === undefined) return []
  const commands: string[] = []
  const walk = (current: ConfigNode, words: string): void => {
    if (current.children.size === 0) {
      if (current.values.length === 0) commands.push(`set${words}`)
      for (const value of current.values) commands.push(`set${words} ${shellQuote(value)}`)
    }
    for (const [name, child] of sortedChildren(current)) walk(child, `${words} ${commandWord(name)}`)
    if (current.comment !== undefined) commands.push(`comment${words} ${shellQuote(current.comment)}`)
  }
  if (node === tree.root && node.children.size === 0) return []
  walk(node, path.map((word) => ` ${commandWord(word)}`).join(''))
  return commands
}
