import { fail } from '../base/errors.ts'
import type { Definition } from './definition.ts'
import { check, nodeAttributes, readProperties, versionAttributes } from './definition-properties.ts'
import { childNodes, readConfigXml } from './definition-xml/definition-file.ts'
import type { XmlElement } from './definition-xml/xml-element.ts'

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
    const root = readConfigXml(file)
    for (const element of root.all('syntaxVersion')) {
      const { component, version } = check(versionAttributes, element.attributes, { ...element.place, path: '' })
      versions.set(component, Number(version))
    }
    for (const node of childNodes(root)) addNode(roots, node, '')
  }
  return { roots, versions }
}

function addNode(siblings: Children, element: XmlElement, parent: string): void {
  const kind = KINDS[element.name]!
  const where = { ...element.place, path: `${parent} ${element.attributes.name ?? ''}`.trim() }
  const { name } = check(nodeAttributes, element.attributes, where)
  const existing = siblings.get(name)
  if (existing !== undefined && existing.kind !== kind) {
    fail('definition.invalid', 'The node is defined twice with different kinds.', where)
  }
  if (existing?.kind === 'leaf') fail('definition.invalid', 'The leaf is defined twice.', where)
  const read = readNode(element, kind, where, new Map(existing?.children))
  // the first definition that says something about the node itself wins, as it does for node.def files
  siblings.set(name, existing === undefined || existing.help === '' ? read : { ...existing, children: read.children })
}

function readNode(
  element: XmlElement,
  kind: Definition['kind'],
  where: { file: string; line: number; path: string },
  children: Children,
): Definition {
  const { name, owner } = check(nodeAttributes, element.attributes, where)
  for (const child of childNodes(element)) addNode(children, child, where.path)
  const defaultValue = element.child('defaultValue')?.text.trim()
  return {
    kind,
    name,
    ...readProperties(element.child('properties'), where),
    ...(owner === undefined ? {} : { owner }),
    ...(defaultValue === undefined ? {} : { defaultValue }),
    children,
  }
}
