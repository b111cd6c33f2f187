import { childNodes, readConfigXml } from '../definition-xml/definition-file.ts'
import type { XmlElement } from '../definition-xml/xml-element.ts'
import { addTemplate, orNone, type TemplateTree } from './template-tree.ts'
import { wrapHelp } from './text-wrap.ts'

const VALIDATORS = `\${vyos_validators_dir}`
const VALIDATE = `\${vyos_libexec_dir}/validate-value`

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '')

function helpLine(properties: XmlElement, defaultValue: XmlElement | undefined): string {
  const help = properties.child('help')?.text ?? ''
  if (help === '' || defaultValue?.text === '') return ''
  const suffix = defaultValue === undefined ? '' : ` (default: ${words(defaultValue.text).join(', ')})`
  return `help: ${wrapHelp(help + suffix)}\n`
}

/** A default that has no description to be marked in makes VyOS's builder leave out all of them. */
function valueHelpLines(properties: XmlElement, defaultValue: XmlElement | undefined): string {
  let lines = ''
  for (const valueHelp of properties.all('valueHelp')) {
    const format = valueHelp.child('format')?.text ?? ''
    const description = valueHelp.child('description')?.text ?? ''
    const isDefault = defaultValue !== undefined && defaultValue.text === format
    if (isDefault && description === '') return ''
    lines += `val_help: ${orNone(format)}; ${description}${isDefault ? ' (default)' : ''}\n`
  }
  return lines
}

/** A list's words, a path's nodes and a script's output, of the last `<completionHelp>`. */
function allowedLine(properties: XmlElement): string {
  const completion = properties.all('completionHelp').at(-1)
  if (completion === undefined) return ''
  const texts = (name: string) => completion.all(name).map((source) => orNone(source.text))
  const sources = [
    ...texts('list').map((list) => `echo "${list}"`),
    ...texts('path').map((path) => `/bin/cli-shell-api listNodes ${path}`),
    ...texts('script').map((script) => `sh -c "${script}"`),
  ]
  return `allowed: ${sources.join(' && echo " " && ')}\n`
}

function checkArguments(element: XmlElement): string {
  const regexes = element.all('regex').map((regex) => `--regex \\'${regex.text.trim().replaceAll('\\', '\\\\')}\\'`)
  const validators = element.all('validator').map(({ attributes: { name = '', argument = '' } }) => {
    const program = name.startsWith('/') ? name : `${VALIDATORS}/${name}`
    return `--exec \\"${program} ${argument}\\"`
  })
  return `${regexes.join(' ')} ${validators.join(' ')}`
}

function constraintLine(properties: XmlElement): string {
  const constraint = properties.child('constraint')
  const groups = properties.all('constraintGroup')
  if (constraint === undefined && groups.length === 0) return ''
  const alternatives = constraint === undefined ? '' : checkArguments(constraint)
  const conjunctions = groups.map((group) => ` --grp ${checkArguments(group)}`).join('')
  const message = properties.child('constraintErrorMessage')
  const sentence = message === undefined ? 'Invalid value' : orNone(message.text)
  return `syntax:expression: exec "${VALIDATE} ${alternatives} ${conjunctions} --value \\'$VAR(@)\\'"; "${sentence}"\n`
}

function ownerLine(node: XmlElement): string {
  const owner = node.attributes.owner ?? ''
  if (owner === '') return ''
  const tag = node.name === 'tagNode' ? "VYOS_TAGNODE_VALUE='$VAR(@)' " : ''
  return `end: sudo sh -c "\${vyshim} ${tag}${owner}"\n`
}

/** Content of the node.def of a configuration node. */
function configTemplate(node: XmlElement): string {
  const properties = node.child('properties')
  const has = (name: string) => properties?.child(name) !== undefined
  const type = node.name === 'node' || has('valueless') ? '' : 'type: txt\n'
  const kind = `${node.name === 'tagNode' ? 'tag:\n' : ''}${has('multi') ? 'multi:\n' : ''}${type}`
  if (properties === undefined) return kind + ownerLine(node)
  const priority = properties.child('priority')
  const defaultValue = node.child('defaultValue')
  return [
    kind,
    priority === undefined ? '' : `priority: ${orNone(priority.text)}\n`,
    helpLine(properties, defaultValue),
    valueHelpLines(properties, defaultValue),
    allowedLine(properties),
    constraintLine(properties),
    ownerLine(node),
  ].join('')
}

function addNode(tree: TemplateTree, node: XmlElement, parent: readonly string[]): void {
  const path = [...parent, node.attributes.name!]
  addTemplate(tree, path, () => configTemplate(node))
  for (const child of childNodes(node)) addNode(tree, child, node.name === 'tagNode' ? [...path, 'node.tag'] : path)
}

/**
 * The node.def tree for interface definitions, byte for byte what VyOS's build-command-templates writes after
 * override-default. Of a node that several files describe the first with content wins, so their order matters.
 * @throws ClawgressError definition.invalid
 */
export function buildCommandTemplates(files: readonly string[]): TemplateTree {
  const tree: TemplateTree = new Map()
  for (const file of files) for (const node of childNodes(readConfigXml(file))) addNode(tree, node, [])
  return tree
}
