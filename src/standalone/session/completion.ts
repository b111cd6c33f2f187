import { type Definition, matching, wordsForCompletion } from '../../vyos/index.ts'
import { completionValues, configFiles, valuesFor } from './completion-sources.ts'
import { CONFIG_COMMANDS, matchingCommands } from './config-commands.ts'
import { locateOp } from './op-commands.ts'
import { PIPES } from './pipes.ts'
import type { Shell } from './shell.ts'

/** One line of help. */
export interface Offer {
  readonly word: string
  readonly help: string
  /** Tells the kind of a node: `+> ` tag, ` > ` node, `+  ` multi. */
  readonly mark: string
}

export interface Offers {
  /** The word being typed. */
  readonly current: string
  /** Words that may stand in its place. */
  readonly words: readonly Offer[]
  /** Shown only: formats of values, `<Enter>`. */
  readonly hints: readonly Offer[]
}

const ENTER: Offer = { word: '<Enter>', help: 'Execute the current command', mark: '   ' }
const offer = (word: string, help = '', mark = '   '): Offer => ({ word, help, mark })

const FORMATS: Readonly<Record<string, string>> = {
  txt: '<text>',
  u32: '<0-4294967295>',
  ipv4: '<x.x.x.x>',
  ipv6: '<h:h:h:h:h:h:h:h>',
  ipv4net: '<x.x.x.x/x>',
  ipv6net: '<h:h:h:h:h:h:h:h/x>',
  hostname: '<hostname>',
  filename: '<filename>',
}

/** How VyOS shows the format of a value (vyatta-cfg, get_value_format_string). */
const formatOf = (format: string): string =>
  format.startsWith('u32:') ? `<${format.slice(4)}>` : (FORMATS[format] ?? format)

const markOf = (definition: Definition): string =>
  definition.kind === 'tag' ? '+> ' : definition.kind === 'node' ? ' > ' : definition.multi ? '+  ' : '   '

/** What may stand at the end of `line`, in the mode the shell is in. */
export function offersFor(shell: Shell, line: string): Offers {
  const { before, current } = wordsForCompletion(line)
  const { words, hints } = before.includes('|') ? pipes(before) : candidates(shell, before, current)
  return { current, words: words.filter(({ word }) => word.startsWith(current)), hints }
}

type Found = Omit<Offers, 'current'>
const none: Found = { words: [], hints: [] }

const pipes = (before: readonly string[]): Found =>
  before.at(-1) === '|' ? { words: Object.entries(PIPES).map(([word, help]) => offer(word, help)), hints: [] } : none

function candidates(shell: Shell, before: readonly string[], current: string): Found {
  if (shell.session === undefined) return opWords(shell, before)
  const [first, ...rest] = before
  if (first === undefined) return { words: CONFIG_COMMANDS.map(({ name, help }) => offer(name, help)), hints: [] }
  const [command, ...others] = matchingCommands(first)
  if (command === undefined || others.length > 0) return none
  const only = (words: readonly Offer[], hints: readonly Offer[]): Found =>
    rest.length === 0 ? { words, hints } : none
  switch (command.argument) {
    case 'op':
      return opWords(shell, rest)
    case 'new-path':
      return pathWords(shell, rest, current, false)
    case 'existing-path':
      return pathWords(shell, rest, current, true)
    case 'file':
      return only(
        configFiles(shell.layout.config).map((name) => offer(name)),
        [ENTER, offer('<file>', 'File below the configuration folder')],
      )
    case 'revision':
      return only(command.name === 'compare' ? [offer('commands'), offer('saved')] : [], [ENTER, ...revisions(shell)])
    case 'commit':
      return only([offer('comment', 'Comment for commit log')], [ENTER])
    case 'commit-confirm':
      return only(
        [offer('comment', 'Comment for commit log')],
        [ENTER, offer('<N>', 'Commit, reload the previous configuration in N minutes if no confirm')],
      )
    case 'exit':
      return only([offer('discard', 'Discard any changes')], [ENTER])
    case 'none':
      return only([], [ENTER])
  }
}

const revisions = (shell: Shell): Offer[] =>
  shell.store
    .revisions()
    .slice(0, 20)
    .map(({ time, user, via, comment }, index) => offer(String(index), `${time} by ${user} via ${via}: ${comment}`))

function opWords(shell: Shell, before: readonly string[]): Found {
  const position = locateOp(shell.opDefinitions, before)
  if ('message' in position) return none
  const { definition, wantsValue, children } = position
  if (wantsValue && definition !== undefined) {
    const values = completionValues(definition.completion, shell.store.active())
    const isHint = (value: string) => value.startsWith('<')
    return {
      words: values.filter((value) => !isHint(value)).map((value) => offer(value)),
      hints: values.filter(isHint).map((value) => offer(value, definition.help)),
    }
  }
  return {
    words: children.map(({ name, help }) => offer(name, help)),
    hints: definition?.command === undefined ? [] : [ENTER],
  }
}

function pathWords(shell: Shell, rest: readonly string[], current: string, existing: boolean): Found {
  const session = shell.session!
  const path = [...session.level, ...rest]
  const lookup = shell.definitions.locate(path)
  const present = session.working.get(lookup.ok ? lookup.located.words : path)
  if (!lookup.ok) {
    return existing && present !== undefined
      ? { words: [...present.children.keys()].map((name) => offer(name)), hints: [] }
      : none
  }
  const { definition, roles, children } = lookup.located
  const last = roles.at(-1)
  if (definition !== undefined && (last === 'tag' || (last === 'leaf' && !definition.valueless))) {
    const values = [...(present?.values ?? []), ...(present?.children.keys() ?? [])]
    if (existing) return { words: values.map((value) => offer(value)), hints: [ENTER] }
    return valueWords(shell, definition, last === 'tag' ? values : [])
  }
  const shown = [...matching(children, '')].filter(({ name, hidden }) =>
    existing ? present?.children.has(name) : !hidden || name === current,
  )
  const unknown = existing ? [...(present?.children.keys() ?? [])].filter((name) => !children.has(name)) : []
  const canEnd = last !== undefined && (existing || last !== 'node' || rest.length > 0)
  return {
    words: [
      ...shown.map((child) => offer(child.name, helpOf(child), markOf(child))),
      ...unknown.map((name) => offer(name)),
    ],
    hints: canEnd ? [ENTER] : [],
  }
}

/** Help text with the default, as VyOS's builder of command templates adds it. */
const helpOf = ({ help, defaultValue }: Definition): string =>
  defaultValue === undefined ? help : `${help} (default: ${defaultValue})`

function valueWords(shell: Shell, definition: Definition, tags: readonly string[]): Found {
  const values = [...new Set([...tags, ...valuesFor(definition, shell.session!.working, shell.layout)])]
  const described = new Map(definition.valueHelp.map(({ format, description }) => [format, description]))
  return {
    words: values.map((value) => offer(value, described.get(value) ?? '')),
    hints: definition.valueHelp
      .filter(({ format }) => !values.includes(format))
      .map(({ format, description }) => offer(formatOf(format), description)),
  }
}

const WORD_WIDTH = 21

/** The list that `?` shows, in VyOS's columns. */
export function formatOffers({ words, hints }: Pick<Offers, 'words' | 'hints'>): string {
  const all = [...hints, ...words]
  if (all.length === 0) return '\n  No help text available\n'
  const rows = all.map(({ word, help, mark }) =>
    word.length < WORD_WIDTH || help === ''
      ? `${mark}${word.padEnd(help === '' ? 0 : WORD_WIDTH)}${help}`
      : `${mark}${word}\n${' '.repeat(WORD_WIDTH + 3)}${help}`,
  )
  return `\nPossible completions:\n${rows.join('\n')}\n`
}

/**
 * What tab adds after the cursor: the rest of the only word and a space, or what all words have in common. Empty where
 * help says more.
 */
export function completionText({ current, words, hints }: Offers): string {
  const [first, ...others] = words.map(({ word }) => word)
  if (first === undefined) return ''
  if (current === '' && words.length + hints.length > 1) return ''
  if (others.length === 0) return `${first.slice(current.length)} `
  let common = first
  for (const word of others) while (!word.startsWith(common)) common = common.slice(0, -1)
  return common.slice(current.length)
}
