import { fail } from '../base/errors.ts'
import type { Definition } from './definition.ts'
import { check, nodeAttributes, readProperties, versionAttributes } from './definition-properties.ts'
import { satisfies } from './value-check.ts'
import { readXml, type XmlElement } from './xml-source.ts'

const KINDS: Readonly<Record<string, Definition['kind']>> = { node: 'node', tagNode: 'tag', leafNode: 'leaf' }

type Children = Map<string, Definition>

/** What a set of definition files says. */
export interface DefinitionFiles {
  readonly roots: ReadonlyMap<string, Definition>
  /** Component versions for the footer of config.boot. */
  readonly versions: ReadonlyMap<string, number>
}

/**
 * Reads interface definitions and puts them together: several files may describe parts of the same parent.
 * @throws ClawgressError definition.invalid
 */
export function readDefinitionFiles(files: readonly string[]): DefinitionFiles {
  const roots: Children = new Map()
  const versions = new Map<string, number>()
  for (const file of files) {
    for (const element of readXml(file).elements) {
      if (element.name === 'syntaxVersion') {
        const { component, version } = check(versionAttributes, element.attributes, { file, path: element.name })
        versions.set(component, Number(version))
      } else {
        addNode(roots, element, { file, path: '' })
      }
    }
  }
  return { roots, versions }
}

function addNode(siblings: Children, element: XmlElement, parent: { file: string; path: string }): void {
  const kind = KINDS[element.name]
  const where = { file: parent.file, path: `${parent.path} ${element.attributes.name ?? ''}`.trim() }
  if (kind === undefined) fail('definition.invalid', `<${element.name}> has no meaning here.`, where)
  const { name } = check(nodeAttributes, element.attributes, where)
  const existing = siblings.get(name)
  const read = readNode(element, kind, where, new Map(existing?.children))
  if (existing === undefined) {
    siblings.set(name, verified(read, where))
    return
  }
  if (existing.kind !== kind) fail('definition.invalid', 'The node is defined twice with different kinds.', where)
  if (kind === 'leaf') {
    // a second leafNode without properties only overrides the default, as in VyOS's override-default
    if (element.elements.some((child) => child.name === 'properties') || read.defaultValue === undefined) {
      fail('definition.invalid', 'The leaf is defined twice.', where)
    }
    siblings.set(name, verified({ ...existing, defaultValue: read.defaultValue }, where))
    return
  }
  // the first definition that says something about the node itself wins, as it does for node.def files
  siblings.set(name, { ...(existing.help === '' ? read : existing), children: read.children })
}

function readNode(
  element: XmlElement,
  kind: Definition['kind'],
  where: { file: string; path: string },
  children: Children,
): Definition {
  const part = (name: string) => element.elements.find((child) => child.name === name)
  const unknown = element.elements.find((child) => !['properties', 'children', 'defaultValue'].includes(child.name))
  if (unknown !== undefined) fail('definition.invalid', `<${element.name}> cannot hold <${unknown.name}>.`, where)
  const { name, owner } = check(nodeAttributes, element.attributes, where)
  for (const child of part('children')?.elements ?? []) addNode(children, child, where)
  const defaultValue = part('defaultValue')?.text
  return {
    kind,
    name,
    ...readProperties(part('properties'), where),
    ...(owner === undefined ? {} : { owner }),
    ...(defaultValue === undefined ? {} : { defaultValue }),
    children,
  }
}

function verified(definition: Definition, where: { file: string; path: string }): Definition {
  const { kind, owner, priority, multi, valueless, defaultValue, children } = definition
  const refuse = (message: string) => fail('definition.invalid', message, where)
  if (owner !== undefined && priority === undefined) refuse('A node with an owner needs a <priority>.')
  if (kind !== 'leaf' && (multi || valueless)) refuse('<multi/> and <valueless/> belong to leaf nodes only.')
  if (kind !== 'leaf' && children.size === 0) refuse('The node has no children.')
  if (kind === 'leaf' && children.size > 0) refuse('A leaf node cannot have children.')
  if (kind === 'node' && defaultValue !== undefined) refuse('A node without value cannot have a default.')
  if (valueless && defaultValue !== undefined) refuse('A leaf without value cannot have a default.')
  for (const value of multi ? (defaultValue?.split(/\s+/) ?? []) : [defaultValue]) {
    if (value !== undefined && !satisfies(definition, value)) refuse(`The default ${value} breaks its own constraint.`)
  }
  return definition
}
