import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { assetsRoot } from '../base/assets.ts'
import { fail } from '../base/errors.ts'
import type { OpDefinition } from './definition.ts'
import { check, nodeAttributes, readCompletion, readHelp } from './definition-properties.ts'
import { readXml, type XmlElement } from './xml-source.ts'

const KINDS: Readonly<Record<string, OpDefinition['kind']>> = { node: 'node', tagNode: 'tag', leafNode: 'leaf' }

function readNode(element: XmlElement, parent: { file: string; path: string }, depth: number): OpDefinition {
  const kind = KINDS[element.name]
  const where = { file: parent.file, path: `${parent.path} ${element.attributes.name ?? ''}`.trim() }
  if (kind === undefined) fail('definition.invalid', `<${element.name}> has no meaning here.`, where)
  const { name } = check(nodeAttributes, element.attributes, where)
  const part = (wanted: string) => element.elements.find((child) => child.name === wanted)
  const command = part('command')?.text
  const words = kind === 'tag' ? depth + 2 : depth + 1
  for (const [, number] of command?.matchAll(/\$\{?(\d+)/g) ?? []) {
    if (Number(number) < 1 || Number(number) > words) {
      fail('definition.invalid', `The command uses $${number}, but only ${words} words are typed.`, where)
    }
  }
  return {
    kind,
    name,
    help: readHelp(part('properties')),
    completion: readCompletion(part('properties')),
    ...(command === undefined ? {} : { command }),
    children: mergeOpDefinitions((part('children')?.elements ?? []).map((child) => readNode(child, where, words))),
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
  return mergeOpDefinitions(
    files.sort().flatMap((name) => {
      const file = join(folder, name)
      return readXml(file).elements.map((element) => readNode(element, { file, path: '' }, 0))
    }),
  )
}
