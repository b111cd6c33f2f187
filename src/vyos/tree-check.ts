import type { Problem } from '../base/errors.ts'
import type { ConfigNode } from './config-node.ts'
import type { ConfigTree, Path } from './config-tree.ts'
import type { Definition } from './definition.ts'
import type { Definitions } from './definitions.ts'
import { satisfies } from './value-check.ts'

function checkLeaf(definition: Definition, node: ConfigNode, path: string): Problem[] {
  const problem = (message: string): Problem => ({ code: 'config.value', message, path })
  if (node.children.size > 0) return [problem('This is a value, it holds no nodes.')]
  if (definition.valueless) return node.values.length > 0 ? [problem('This node takes no value.')] : []
  if (node.values.length === 0) return [problem('This node needs a value.')]
  if (!definition.multi && node.values.length > 1) return [problem('This node takes one value only.')]
  const wrong = node.values.filter((value) => !satisfies(definition, value))
  return wrong.map((value) => problem(`${definition.constraintErrorMessage}: ${JSON.stringify(value)}.`))
}

function checkChildren(children: ReadonlyMap<string, Definition>, node: ConfigNode, path: string): Problem[] {
  if (node.values.length > 0) return [{ code: 'config.value', message: 'This node takes no value.', path }]
  return [...node.children].flatMap(([name, child]): Problem[] => {
    const definition = children.get(name)
    const at = `${path} ${name}`
    if (definition === undefined) {
      return [{ code: 'config.path', message: 'This node does not exist in this version.', path: at }]
    }
    if (definition.kind === 'leaf') return checkLeaf(definition, child, at)
    if (definition.kind === 'node') return checkChildren(definition.children, child, at)
    return [...child.children].flatMap(([tag, inner]) => [
      ...(satisfies(definition, tag)
        ? []
        : [{ code: 'config.value' as const, message: `${definition.constraintErrorMessage}.`, path: `${at} ${tag}` }]),
      ...checkChildren(definition.children, inner, `${at} ${tag}`),
    ])
  })
}

/**
 * Everything below `path` that the definitions do not allow. A loaded file can hold it, and a commit must refuse it;
 * `set` never lets it in.
 */
export function checkTree(definitions: Definitions, tree: ConfigTree, path: Path): Problem[] {
  const node = tree.get(path)
  const lookup = definitions.locate(path)
  if (node === undefined || !lookup.ok) return []
  return checkChildren(lookup.located.children, node, path.join(' '))
}
