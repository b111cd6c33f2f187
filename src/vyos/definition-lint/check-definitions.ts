import { ClawgressError, type Problem } from '../../base/errors.ts'
import { problemAt } from '../definition-xml/conformance.ts'
import { nodesBelow, readConfigXml, readOpXml } from '../definition-xml/definition-file.ts'
import type { XmlElement } from '../definition-xml/xml-element.ts'
import { readXml } from '../definition-xml/xml-reader.ts'
import { configFaults } from './config-rules.ts'
import type { Fault } from './constraint-rules.ts'
import { VYOS_VALIDATORS } from './known-validators.ts'
import { duplicateFaults } from './node-rules.ts'
import { opFaults } from './op-rules.ts'

/** Definition files that are shipped together. */
export interface DefinitionSet {
  readonly config: readonly string[]
  readonly op: readonly string[]
  /** Names of the validators that the machine has; those of VyOS by default. */
  readonly validators?: ReadonlySet<string>
}

/** Runs a reader over files; a file that cannot be read gives its problems and no root. */
function readAll(
  files: readonly string[],
  read: (file: string) => XmlElement,
): { roots: XmlElement[]; problems: Problem[] } {
  const problems: Problem[] = []
  const roots = files.flatMap((file) => {
    try {
      return [read(file)]
    } catch (error) {
      if (!(error instanceof ClawgressError)) throw error
      problems.push(...error.problems)
      return []
    }
  })
  return { roots, problems }
}

const isDescribed = (node: XmlElement): boolean =>
  node.name === 'node' ? node.child('command') !== undefined : node.child('properties') !== undefined

/** VyOS's override of defaults takes a leaf away that has two. */
const doubleDefaults = (node: XmlElement): Fault[] =>
  node.all('defaultValue').length < 2
    ? []
    : [{ element: node, message: 'The node has two <defaultValue>: remove one.' }]

const nodesOf = (roots: readonly XmlElement[]): XmlElement[] => roots.flatMap((root) => [...nodesBelow(root)])

/**
 * Every fault of a set of definitions: what VyOS's schemas and builders refuse, and what none of them catches. VyOS's
 * own definitions do not keep all of these rules, so this judges ours only; the builders do not ask it.
 */
export function checkDefinitions({ config, op, validators = VYOS_VALIDATORS }: DefinitionSet): Problem[] {
  const configXml = readAll(config, readConfigXml)
  const opXml = readAll(op, readOpXml)
  // overriding a default takes leaves away, so that doubles are sought in the files as they were written
  const asWritten = readAll(config, readXml).roots
  const faults: Fault[] = [
    ...nodesOf(configXml.roots).flatMap((node) => configFaults(node, validators)),
    ...duplicateFaults(nodesOf(asWritten), isDescribed),
    ...nodesOf(asWritten).flatMap(doubleDefaults),
    ...nodesOf(opXml.roots).flatMap(opFaults),
    ...duplicateFaults(nodesOf(opXml.roots), isDescribed),
  ]
  return [
    ...configXml.problems,
    ...opXml.problems,
    ...faults.map(({ element, message }) => problemAt(element, message)),
  ]
}
