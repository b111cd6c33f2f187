import { type ConfigNode, type ConfigTree, configDict, loadDefinitions } from '../../vyos/index.ts'
import type { ConfigurationChange } from '../session/configuration-session.ts'
import { SECTION } from './members.ts'

/** Puts a section, its comments included, in the place of the one that is in force, unless that changes before. `comment` is that of the commit. */
export function sectionChange(before: ConfigTree, section: ConfigTree, comment: string): ConfigurationChange {
  const node = section.get(SECTION)!
  const expected = configDict(before, loadDefinitions(), SECTION, { withDefaults: false })
  return {
    remove: before.has(SECTION) ? [[]] : [],
    set: [...setPaths(node, [])],
    remarks: [...remarksOf(node, [])],
    comment,
    save: false,
    ...(expected === undefined ? {} : { expected }),
  }
}

/** Words of the `set` commands that make a node. */
function* setPaths(node: ConfigNode, path: readonly string[]): Iterable<readonly string[]> {
  for (const value of node.values) yield [...path, value]
  for (const [name, child] of node.children) yield* setPaths(child, [...path, name])
  if (node.values.length === 0 && node.children.size === 0) yield path
}

/** Comments as a session takes them: in one line, without an asterisk, and none on a tag node, which a file may have. */
function* remarksOf(node: ConfigNode, path: readonly string[]): Iterable<{ path: readonly string[]; text: string }> {
  const text = (node.comment ?? '').replace(/[\x00-\x1f\x7f*]+/g, ' ').trim()
  if (text !== '' && !node.tag) yield { path, text }
  for (const [name, child] of node.children) yield* remarksOf(child, [...path, name])
}
