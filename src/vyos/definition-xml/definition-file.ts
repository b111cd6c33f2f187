import { ClawgressError, type Problem } from '../../base/errors.ts'
import { grammarProblems, problemAt } from './conformance.ts'
import { applyDefaultOverrides } from './default-overrides.ts'
import { CONFIG_GRAMMAR, OP_GRAMMAR } from './grammar.ts'
import type { XmlElement } from './xml-element.ts'
import { readXml } from './xml-reader.ts'

const NODES = ['node', 'tagNode', 'leafNode', 'virtualTagNode']

/** The nodes directly below a root or node. */
export function childNodes(element: XmlElement): readonly XmlElement[] {
  const holder = element.name === 'interfaceDefinition' ? element : element.child('children')
  return holder?.elements.filter(({ name }) => NODES.includes(name)) ?? []
}

/** The node and every node below it, in the order of the file. */
export function* nodesBelow(element: XmlElement): Generator<XmlElement> {
  if (element.name !== 'interfaceDefinition') yield element
  for (const child of childNodes(element)) yield* nodesBelow(child)
}

/** Names become folders of the template tree. */
function nameProblems(node: XmlElement): Problem[] {
  const { name } = node.attributes
  if (name === undefined || (/^[^/\0]+$/.test(name) && !['.', '..', 'node.def'].includes(name))) return []
  return [problemAt(node, `The name ${JSON.stringify(name)} cannot be that of a folder: choose another.`)]
}

/** What build-command-templates refuses, or fails on, though the schema lets it pass. */
function configProblems(node: XmlElement): Problem[] {
  const properties = node.child('properties')
  const problems = nameProblems(node)
  const add = (message: string) => problems.push(problemAt(node, message))
  if ((node.attributes.owner ?? '') !== '' && properties?.child('priority') === undefined) {
    add('A node with an owner needs a <priority>: add one.')
  }
  if (node.name !== 'leafNode') {
    for (const name of ['multi', 'valueless']) {
      if (properties?.child(name) !== undefined) add(`<${name}/> belongs to leaf nodes only: remove it.`)
    }
    if (node.child('children') === undefined) add('The node has no children: add <children> with a node in it.')
  }
  const checks = [...(properties?.all('constraint') ?? []), ...(properties?.all('constraintGroup') ?? [])]
  if (checks.some((check) => check.all('regex').some((regex) => regex.text === ''))) {
    add('A <regex> is empty: write the expression or remove it.')
  }
  return problems
}

function verified(root: XmlElement, problems: readonly Problem[]): XmlElement {
  if (problems.length > 0) throw new ClawgressError(problems)
  return root
}

/**
 * An interface definition with includes and default overrides done, of which VyOS's own tools could build templates.
 * @throws ClawgressError definition.invalid with every problem found
 */
export function readConfigXml(file: string): XmlElement {
  const root = readXml(file)
  applyDefaultOverrides(root)
  const problems = grammarProblems(CONFIG_GRAMMAR, root)
  return verified(root, problems.length > 0 ? problems : [...nodesBelow(root)].flatMap(configProblems))
}

/**
 * Commands of operational mode, includes done, of which VyOS's own tools could build templates.
 * @throws ClawgressError definition.invalid with every problem found
 */
export function readOpXml(file: string): XmlElement {
  const root = readXml(file)
  const problems = grammarProblems(OP_GRAMMAR, root)
  return verified(root, problems.length > 0 ? problems : [...nodesBelow(root)].flatMap(nameProblems))
}
