import { childNodes } from '../definition-xml/definition-file.ts'
import type { XmlElement } from '../definition-xml/xml-element.ts'
import { checkFaults, checksOf, type Fault, refusedDefaults, tagFaults } from './constraint-rules.ts'
import { helpFaults, nameFaults, textFaults } from './node-rules.ts'

const priorityOf = (node: XmlElement): string | undefined => node.child('properties')?.child('priority')?.text.trim()

function nearestOwner(node: XmlElement): XmlElement | undefined {
  for (let above = node.parent; above !== undefined; above = above.parent) {
    if (above.attributes.owner !== undefined) return above
  }
  return undefined
}

function ownerFaults(node: XmlElement): Fault[] {
  const priority = priorityOf(node)
  const faults: Fault[] = []
  if (priority !== undefined && !/^[0-9]{1,4}$/.test(priority)) {
    faults.push({ element: node, message: `The priority ${JSON.stringify(priority)} is not a number: write one.` })
  }
  const { owner } = node.attributes
  if (owner === undefined) return faults
  if (!/^\S+\/[\w-]+\.py$/.test(owner)) {
    const message = `The owner ${owner} must be a path that ends in .py: with any other VyOS's commit hangs.`
    faults.push({ element: node, message })
  }
  const above = nearestOwner(node)
  if (above !== undefined && Number(priority) <= Number(priorityOf(above))) {
    const message = `The priority must be above ${priorityOf(above)}, that of the owner above: VyOS warns at every commit.`
    faults.push({ element: node, message })
  }
  return faults
}

function valueFaults(node: XmlElement): Fault[] {
  const properties = node.child('properties')
  const has = (name: string) => properties?.child(name) !== undefined
  const fault = (message: string): Fault => ({ element: node, message })
  const faults = refusedDefaults(node).map((value) =>
    fault(`The default ${JSON.stringify(value)} breaks its own constraint: change one of the two.`),
  )
  if (has('valueless')) {
    if (node.child('defaultValue') !== undefined) faults.push(fault('A leaf without value has a default: remove it.'))
    if (has('multi')) faults.push(fault('A leaf without value cannot have several: remove <multi/>.'))
    if (checksOf(properties).length > 0) faults.push(fault('A leaf without value has a constraint: remove it.'))
  }
  if (checksOf(properties).length > 0 && !has('constraintErrorMessage')) {
    faults.push(fault('The constraint has no <constraintErrorMessage>: write the sentence an operator reads.'))
  }
  return faults
}

function nestingFaults(node: XmlElement): Fault[] {
  if (node.name !== 'tagNode') return []
  return childNodes(node)
    .filter((child) => child.name === 'tagNode')
    .map((child) => ({ element: child, message: 'A tag node stands directly in a tag node: put a node between them.' }))
}

/** What VyOS's tools let pass in one node of an interface definition, and ours must not hold. */
export function configFaults(node: XmlElement, validators: ReadonlySet<string>): Fault[] {
  const properties = node.child('properties')
  return [
    ...nameFaults(node),
    ...helpFaults(node),
    ...(properties === undefined ? [] : textFaults(properties)),
    ...checkFaults(properties, validators),
    ...(node.name === 'tagNode' ? tagFaults(node) : []),
    ...ownerFaults(node),
    ...valueFaults(node),
    ...nestingFaults(node),
  ]
}
