import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { assetsRoot } from '../base/assets.ts'
import type { OpDefinition } from './definition.ts'
import { check, nodeAttributes, readCompletion, readHelp } from './definition-properties.ts'
import { childNodes, readOpXml } from './definition-xml/definition-file.ts'
import type { XmlElement } from './definition-xml/xml-element.ts'

const KINDS: Readonly<Record<string, OpDefinition['kind']>> = { node: 'node', tagNode: 'tag', leafNode: 'leaf' }

function readNode(element: XmlElement): OpDefinition {
  const { name } = check(nodeAttributes, element.attributes, { ...element.place, path: element.path.join(' ') })
  const command = element.child('command')?.text.trim()
  return {
    kind: KINDS[element.name]!,
    name,
    help: readHelp(element.child('properties')),
    completion: readCompletion(element.child('properties')),
    ...(command === undefined ? {} : { command }),
    children: mergeOpDefinitions(childNodes(element).map(readNode)),
  }
}

/** `show` stands in several files; a tag node may share its name with a plain node (`x` and `x <value>`). */
export function mergeOpDefinitions(nodes: readonly OpDefinition[]): OpDefinition[] {
  const merged: OpDefinition[] = []
  for (const node of nodes) {
    const index = merged.findIndex((other) => other.name === node.name && other.kind === node.kind)
    if (index < 0) merged.push(node)
    else {
      const first = merged[index]!
      merged[index] = { ...first, ...node, children: mergeOpDefinitions([...first.children, ...node.children]) }
    }
  }
  return merged
}

/**
 * Commands of operational mode in `folder`, the shipped ones by default. Files: `*.xml.in`.
 * @throws ClawgressError definition.invalid
 */
export function loadOpDefinitions(folder = join(assetsRoot(), 'op-mode')): OpDefinition[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.xml.in'))
  return mergeOpDefinitions(files.sort().flatMap((name) => childNodes(readOpXml(join(folder, name))).map(readNode)))
}
