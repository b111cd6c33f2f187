import { type ConfigNode, type ConfigTree, type Definition, loadDefinitions } from '../../vyos/index.ts'
import { SECRET_NAME } from './redact.ts'

const SECTION = ['service', 'clawgress']
/** A policy says what somebody's programs do. */
const LEFT_OUT = ['policy']
/** Free in form, and needed to understand a report. */
const HARMLESS = ['policy-file', 'root-hints', 'trust-anchors', 'interface', 'mark-mask', 'tls-hostname']

/**
 * `service clawgress` as `set` commands, with only those values that cannot be secrets: numbers, addresses, words that
 * the definition lists, and a few names. A node that is unknown shows none.
 */
export function shownConfiguration(running: ConfigTree): string {
  const node = running.get(SECTION)
  const lookup = loadDefinitions().locate(SECTION)
  if (node === undefined || !lookup.ok) return 'service clawgress is not configured.\n'
  return [...lines(node, lookup.located.children, SECTION)].map((line) => `set ${line}\n`).join('')
}

function* lines(
  node: ConfigNode,
  definitions: ReadonlyMap<string, Definition>,
  path: readonly string[],
): Iterable<string> {
  if (node.children.size === 0 && node.values.length === 0) yield path.join(' ')
  for (const [name, child] of node.children) {
    const definition = definitions.get(name)
    const at = [...path, name]
    if (LEFT_OUT.includes(name) && path.length === SECTION.length) yield `${at.join(' ')} (left out)`
    else if (definition?.kind === 'tag')
      for (const [tag, inner] of child.children)
        yield* lines(inner, definition.children, [...at, shown(definition, tag)])
    else if (child.children.size > 0) yield* lines(child, definition?.children ?? new Map(), at)
    else if (child.values.length === 0) yield at.join(' ')
    else for (const value of child.values) yield [...at, shown(definition, value)].join(' ')
  }
}

const shown = (definition: Definition | undefined, value: string): string =>
  definition !== undefined && isHarmless(definition, value) ? `'${value}'` : '(hidden)'

function isHarmless(definition: Definition, value: string): boolean {
  const { name, secret, constraint, constraintGroups, completion } = definition
  if (secret || SECRET_NAME.test(name)) return false
  if (HARMLESS.includes(name) || completion.list.includes(value)) return true
  const checks = [...constraint, ...constraintGroups.flat()]
  return checks.length > 0 && checks.every(({ type }) => type === 'validator')
}
