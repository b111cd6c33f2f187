import type { XmlElement } from '../definition-xml/xml-element.ts'
import type { Fault } from './constraint-rules.ts'

/** Elements whose text VyOS puts between quotes into shell text or into a line of a node.def file. */
const QUOTED = new Set(['help', 'description', 'format', 'constraintErrorMessage', 'list'])

export function nameFaults(node: XmlElement): Fault[] {
  const { name } = node.attributes
  if (name === undefined || /^[a-z0-9][a-z0-9.-]*$/.test(name)) return []
  const message = `The name ${JSON.stringify(name)} is not made of lower-case letters, digits and dashes: rename it.`
  return [{ element: node, message }]
}

/** A node that only leads to nodes of others says nothing about itself; every other one is described. */
export function helpFaults(node: XmlElement): Fault[] {
  const help = node.child('properties')?.child('help')
  const leadsOn = node.name === 'node' && node.child('properties') === undefined && node.child('command') === undefined
  if (leadsOn || (help !== undefined && help.text.trim() !== '')) return []
  return [{ element: help ?? node, message: 'The node has no <help>: write one.' }]
}

/** Quotes and expansions in texts of a node, and quotes in its completion scripts. */
export function textFaults(properties: XmlElement): Fault[] {
  return properties.elements.flatMap((element): Fault[] => {
    const own: Fault[] = []
    if (QUOTED.has(element.name) && /["'`$\\\n]/.test(element.text.trim())) {
      own.push({ element, message: `<${element.name}> holds a quote, $, backslash or line end: word it without.` })
    }
    if (element.name === 'script' && /["\n]/.test(element.text.trim())) {
      own.push({ element, message: 'The <script> holds a double quote, which ends the text around it: remove it.' })
    }
    return [...own, ...textFaults(element)]
  })
}

/** Nodes that are described a second time. A node for which `describes` is false may repeat. */
export function duplicateFaults(nodes: Iterable<XmlElement>, describes: (node: XmlElement) => boolean): Fault[] {
  const seen = new Map<string, XmlElement>()
  const faults: Fault[] = []
  for (const node of nodes) {
    if (!describes(node)) continue
    const key = `${node.name} ${node.path.join(' ')}`
    const first = seen.get(key)
    if (first === undefined) {
      seen.set(key, node)
      continue
    }
    const { file, line } = first.place
    faults.push({ element: node, message: `The node is defined at ${file}:${line} already: remove one of the two.` })
  }
  return faults
}
