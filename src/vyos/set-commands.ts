import { fail } from '../base/errors.ts'
import { commandLines, splitLine } from './command-line.ts'
import { type ConfigNode, sortedChildren } from './config-node.ts'
import type { ConfigTree, Path } from './config-tree.ts'
import { type Definitions, placementOf } from './definitions.ts'
import { DraftTree } from './draft-tree.ts'

const quoted = (value: string): string => `'${value.replaceAll("'", "'\\''")}'`
/** VyOS prints names and tag values bare; those that a command line would take apart are quoted here. */
const bare = (word: string): string => (word === '' || /[\s'"\\$`;&|<>()#]/.test(word) ? quoted(word) : word)

/** One command a leaf, value or empty node at or below `path`. */
function printCommands(verb: 'set' | 'delete', tree: ConfigTree, path: Path): string[] {
  const node = tree.get(path)
  if (node === undefined || (node === tree.root && node.children.size === 0)) return []
  const commands: string[] = []
  const walk = (current: ConfigNode, words: string): void => {
    if (current.children.size === 0) {
      if (current.values.length === 0) commands.push(verb + words)
      for (const value of current.values) commands.push(`${verb}${words} ${quoted(value)}`)
    }
    for (const [name, child] of sortedChildren(current)) walk(child, `${words} ${bare(name)}`)
    if (verb === 'set' && current.comment !== undefined) commands.push(`comment${words} ${quoted(current.comment)}`)
  }
  walk(node, path.map((word) => ` ${bare(word)}`).join(''))
  return commands
}

/** The `set` (and `comment`) commands that make what lies below `path`, as `show configuration commands` prints them. */
export const printSetCommands = (tree: ConfigTree, path: Path = []): string[] => printCommands('set', tree, path)

/** The `delete` commands that remove what lies at `path`, leaf by leaf, as `compare commands` prints them. */
export const printDeleteCommands = (tree: ConfigTree, path: Path): string[] => printCommands('delete', tree, path)

/**
 * Reads `set`, `delete` and `comment` commands, one a line, into a tree; a comment in quotes may span lines. Only the definitions tell tag values from
 * nodes and values, so a path that they do not know is refused.
 * @throws ClawgressError config.syntax or config.path, with the line
 */
export function parseSetCommands(text: string, definitions: Definitions, file?: string): ConfigTree {
  const draft = new DraftTree()
  for (const { text: source, line } of commandLines(text)) {
    const at = { ...(file === undefined ? {} : { file }), line, column: 1 }
    const split = splitLine(source)
    if (!split.ok) fail('config.syntax', `${split.message}.`, at)
    if (split.commands.length === 0) continue
    const [command] = split.commands
    if (split.commands.length > 1 || command!.pipes.length > 0) {
      fail('config.syntax', 'One command a line is read here, without ";" and "|" outside of quotes.', at)
    }
    apply(draft, command!.words, definitions, at)
  }
  return draft.finish()
}

type Place = { readonly file?: string; readonly line: number; readonly column: number }

function apply(draft: DraftTree, words: readonly string[], definitions: Definitions, at: Place): void {
  const [verb, ...rest] = words
  if (verb !== 'set' && verb !== 'delete' && verb !== 'comment') {
    fail('config.syntax', `A line must begin with set, delete or comment, not with "${verb}".`, at)
  }
  if (rest.length === 0) fail('config.syntax', `"${verb}" needs the configuration node.`, at)
  const path = verb === 'comment' ? rest.slice(0, -1) : rest
  const lookup = definitions.locate(path)
  if (!lookup.ok) {
    const word = path[lookup.at]!
    fail('config.path', `"${[...path.slice(0, lookup.at), `[${word}]`].join(' ')}" is not a configuration path.`, at)
  }
  const { located } = lookup
  const placement = placementOf(located)
  if (verb === 'comment') {
    const comment = rest.at(-1)!.trim()
    if (comment.includes('*/')) fail('config.syntax', 'A comment cannot hold "*/", which ends it in a file.', at)
    draft.comment(placement.path, comment)
    return
  }
  if (verb === 'delete') {
    if (placement.value === undefined) draft.remove(placement.path)
    else draft.removeValue(placement.path, placement.value)
    return
  }
  const last = located.roles.at(-1)
  if (last === 'tag' || (last === 'leaf' && located.definition?.valueless === false)) {
    fail('config.syntax', `"${located.words.join(' ')}" requires a value.`, at)
  }
  draft.place(placement)
}
