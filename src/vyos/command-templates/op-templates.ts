import { ClawgressError } from '../../base/errors.ts'
import { problemAt } from '../definition-xml/conformance.ts'
import { childNodes, readOpXml } from '../definition-xml/definition-file.ts'
import type { XmlElement } from '../definition-xml/xml-element.ts'
import { addTemplate, orNone, type TemplateTree } from './template-tree.ts'
import { wrapHelp } from './text-wrap.ts'

const ACTIVE_CONFIG = '/opt/vyatta/config/active'

/** VyOS's builder fails on an empty help, but only where it has to write it. */
function helpOf(properties: XmlElement): string {
  const help = properties.child('help')
  if (help === undefined) return 'No help available'
  if (help.text === '') throw new ClawgressError(problemAt(help, 'The <help> is empty: write one.'))
  return help.text
}

/**
 * Type and sources of the completion, from the last `<completionHelp>`. VyOS's builder gives up at one with a path
 * without text: it then prints an empty Python list.
 */
function completionLines(properties: XmlElement): string {
  const completions = properties.all('completionHelp')
  const broken = completions.findIndex((completion) => completion.all('path').some((path) => path.text === ''))
  const read = broken < 0 ? completions : completions.slice(0, broken)
  const type = read.some((completion) => completion.child('imagePath') !== undefined) ? 'comptype: imagefiles\n' : ''
  if (broken >= 0) return `${type}allowed: []\n`
  const completion = completions.at(-1)
  if (completion === undefined) return ''
  const texts = (name: string) => completion.all(name).map((source) => source.text)
  const sources = [
    ...texts('list').map((list) => `echo "${orNone(list)}"`),
    ...texts('path').map((path) => `ls ${ACTIVE_CONFIG}/${path.replaceAll(/\s+/g, '/')} 2>/dev/null`),
    ...texts('script').map(orNone),
    ...completion.all('imagePath').map(() => 'echo -n "<imagefiles>"'),
  ]
  return `${type}allowed: ${sources.join(' && ')}\n`
}

const runLine = (command: XmlElement | undefined): string =>
  command === undefined ? '' : `run: ${orNone(command.text)}\n`

/** Content of the node.def of a command, or of what follows a tag node. */
function opTemplate(node: XmlElement): string {
  const properties = node.child('properties')
  const run = runLine(node.child('command'))
  if (properties === undefined) return run
  return `help: ${wrapHelp(helpOf(properties))}\n${completionLines(properties)}${run}`
}

/** Content of the node.def of a tag node itself, whose words alone run nothing unless `<standalone>` says what. */
function tagTemplate(node: XmlElement): string {
  const standalone = node.child('standalone')
  const described = standalone?.child('help') === undefined ? node.child('properties') : standalone
  if (described === undefined) {
    throw new ClawgressError(problemAt(node, 'A tag node needs <properties>: add them with a <help>.'))
  }
  const help = helpOf(described)
  return `help: ${help}\n${runLine(standalone?.child('command'))}`
}

/** VyOS's builder goes through siblings in this order, which decides between a node and a tag node of one name. */
function inOrder(nodes: readonly XmlElement[]): XmlElement[] {
  const key = ({ name, attributes }: XmlElement): string =>
    attributes.name === undefined ? name : `${name}:${attributes.name}`
  return [...nodes].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0))
}

function addNode(tree: TemplateTree, node: XmlElement, parent: readonly string[]): void {
  const path = node.attributes.name === undefined ? parent : [...parent, node.attributes.name]
  const isTag = node.name === 'tagNode' || node.name === 'virtualTagNode'
  if (node.name === 'tagNode') addTemplate(tree, path, () => tagTemplate(node))
  const below = isTag ? [...path, 'node.tag'] : path
  addTemplate(tree, below, () => opTemplate(node))
  for (const child of inOrder(childNodes(node))) addNode(tree, child, below)
}

/**
 * The node.def tree for commands of operational mode, byte for byte what VyOS's build-command-op-templates writes.
 * Of a node that several files describe the first with content wins, so their order matters. What `<standalone>` and
 * `<virtualTagNode>` become is their evident meaning, not compared with VyOS's builder of 2026.
 * @throws ClawgressError definition.invalid
 */
export function buildOpTemplates(files: readonly string[]): TemplateTree {
  const tree: TemplateTree = new Map()
  for (const file of files) for (const node of inOrder(childNodes(readOpXml(file)))) addNode(tree, node, [])
  return tree
}
