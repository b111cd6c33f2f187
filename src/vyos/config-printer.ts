import { type ConfigNode, sortedChildren } from './config-node.ts'
import type { ConfigTree } from './config-tree.ts'

const INDENT = '    '
const ESCAPES: Record<string, string> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\t': '\\t',
  '\r': '\\r',
  '\b': '\\b',
}

/** Control characters become three decimal digits (vyos1x-config, Util.escape_string). */
const escaped = (text: string): string =>
  `"${text.replace(
    /["\\\x00-\x1f\x7f]/g,
    (char) => ESCAPES[char] ?? `\\${String(char.charCodeAt(0)).padStart(3, '0')}`,
  )}"`

/**
 * A value between double quotes. VyOS leaves backslashes as they are, because it reads them so; only a value that
 * holds a quote, which `set` does not let in, is escaped.
 */
const quote = (value: string): string => (value.includes('"') ? escaped(value) : `"${value}"`)

/** VyOS writes tag values bare, and cannot read back those that need quotes; these are quoted here. */
const tagText = (tag: string): string =>
  tag === '' || /[\s{}"'\x00-\x1f\x7f]/.test(tag) || /^\/[/*]/.test(tag) ? escaped(tag) : tag

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
  if (node.values.length === 0 && node.valueless !== true) {
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
