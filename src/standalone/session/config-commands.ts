import { ClawgressError, formatProblem } from '../../base/errors.ts'
import { CommandRefused, type ConfigSession } from './config-session.ts'
import type { ConfigStore } from './config-store.ts'

/** What a configuration command works on. */
export interface CommandSurroundings {
  readonly session: ConfigSession
  readonly store: ConfigStore
  readonly write: (text: string) => void
  /** Runs a command of operational mode. */
  readonly runOp: (words: readonly string[]) => Promise<boolean>
  /** Back to operational mode. */
  readonly leave: () => void
}

/** What completion offers after the command's name. */
export type Argument = 'new-path' | 'existing-path' | 'file' | 'revision' | 'op' | 'commit' | 'exit' | 'none'

export interface ConfigCommand {
  readonly name: string
  readonly help: string
  readonly argument: Argument
  run(args: readonly string[], around: CommandSurroundings): boolean | Promise<boolean>
}

/** Output of commands that touch the tree is set off and indented, as VyOS does. */
const indented = (text: string): string => `\n${text.replace(/^(?=.)/gm, '  ')}\n\n`

const onTree =
  (name: string, act: (args: readonly string[], session: ConfigSession) => unknown) =>
  (args: readonly string[], { session, write }: CommandSurroundings): boolean => {
    if (args.length === 0 && name !== '') {
      write(indented(`Need to specify the config node to ${name}`))
      return false
    }
    try {
      const remark = act(args, session)
      if (typeof remark === 'string') write(indented(remark))
      return true
    } catch (error) {
      if (!(error instanceof CommandRefused)) throw error
      write(indented(error.message))
      return false
    }
  }

const refuse = (write: (text: string) => void, ...lines: readonly string[]): false => {
  write(`${lines.join('\n')}\n`)
  return false
}

async function commit(args: readonly string[], { session, write }: CommandSurroundings): Promise<boolean> {
  const [keyword, text, ...rest] = args
  const isComment = keyword !== undefined && 'comment'.startsWith(keyword) && text !== undefined
  if (keyword !== undefined && (!isComment || rest.length > 0)) {
    return refuse(write, `Invalid argument "${args.join(' ')}" for 'commit'`)
  }
  return session.commit(text ?? 'commit')
}

function compare(args: readonly string[], { session, store, write }: CommandSurroundings): boolean {
  const revision = (text: string) => (/^\d+$/.test(text) ? store.revision(Number(text)) : undefined)
  const [first, second] = args
  const show = (difference: string, what: string): boolean => {
    write(difference === '' ? `No changes between ${what} configurations.\n` : difference)
    return true
  }
  if (first === undefined) return show(session.compare(), 'working and active')
  if ('saved'.startsWith(first)) return show(session.compare(store.saved()), 'working and saved')
  if ('commands'.startsWith(first)) {
    write(`${session.compareCommands().join('\n')}\n`)
    return true
  }
  const older = revision(second ?? first)
  if (older === undefined) return refuse(write, `Invalid revision number ${second ?? first}`)
  if (second === undefined) return show(session.compare(older), `working and revision ${first}`)
  const newer = revision(first)
  if (newer === undefined) return refuse(write, `Invalid revision number ${first}`)
  return show(session.compare(older, newer), `revisions ${second} and ${first}`)
}

function exit(args: readonly string[], { session, write, leave }: CommandSurroundings): boolean {
  const [keyword, ...rest] = args
  const discards = keyword !== undefined && 'discard'.startsWith(keyword) && rest.length === 0
  if (keyword !== undefined && !discards) return refuse(write, `Invalid argument "${args.join(' ')}" for 'exit'`)
  if (session.level.length > 0) {
    session.top()
    return true
  }
  if (session.isChanged && !discards) {
    return refuse(write, 'Cannot exit: configuration modified.', "Use 'exit discard' to discard the changes and exit.")
  }
  if (session.isUnsaved) write('Warning: configuration changes have not been saved.\n')
  leave()
  return true
}

/** `load` and `merge` refuse to run over uncommitted changes. */
const fromFile =
  (verb: 'load' | 'merge', gerund: string) =>
  ([name, ...rest]: readonly string[], { session, store, write }: CommandSurroundings): boolean => {
    if (rest.length > 0) return refuse(write, `Usage: ${verb} [file]`)
    if (session.isChanged) {
      return refuse(
        write,
        `Cannot ${verb}: configuration modified.`,
        `Commit or discard the changes before ${gerund} a config file.`,
      )
    }
    const tree = store.load(name ?? 'config.boot')
    if (verb === 'load') session.replace(tree)
    else session.merge(tree)
    write(
      session.isChanged
        ? `The configuration of the file is in the session.\nUse "compare" to review the changes or "commit" to apply them.\n`
        : 'No configuration changes to commit\n',
    )
    return true
  }

function rollback([number, ...rest]: readonly string[], { session, store, write }: CommandSurroundings): boolean {
  const count = store.revisions().length
  if (number === undefined || rest.length > 0) return refuse(write, 'Error: must include a revision # to rollback to')
  const tree = /^\d+$/.test(number) ? store.revision(Number(number)) : undefined
  if (tree === undefined) return refuse(write, `Invalid revision number ${number}: must be 0 <= rev < ${count}`)
  session.replace(tree)
  write('Rollback diff has been applied.\nUse "compare" to review the changes or "commit" to apply them.\n')
  return true
}

function save([name, ...rest]: readonly string[], { session, store, write }: CommandSurroundings): boolean {
  if (rest.length > 0) return refuse(write, 'Usage: save [file]')
  if (session.isChanged) write('Warning: you have uncommitted changes that will not be saved.\n\n')
  session.top()
  const file = store.save(store.active(), name)
  write(`Saving configuration to '${file}'...\nDone\n`)
  return true
}

function show(args: readonly string[], { session, write }: CommandSurroundings): boolean {
  write(session.show(args))
  return true
}

const COMMANDS: readonly ConfigCommand[] = [
  {
    name: 'comment',
    help: 'Add comment to this configuration element',
    argument: 'existing-path',
    run: onTree('comment', (args, session) => session.comment(args.slice(0, -1), args.at(-1)!)),
  },
  { name: 'commit', help: 'Commit the current set of changes', argument: 'commit', run: commit },
  { name: 'compare', help: 'Compare configuration revisions', argument: 'revision', run: compare },
  {
    name: 'delete',
    help: 'Delete a configuration element',
    argument: 'existing-path',
    run: onTree('delete', (args, session) => session.delete(args)),
  },
  {
    name: 'discard',
    help: 'Discard uncommitted changes',
    argument: 'none',
    run: onTree('', (_, session) =>
      session.discard() ? 'Changes have been discarded' : 'No changes have been discarded',
    ),
  },
  {
    name: 'edit',
    help: 'Edit a sub-element',
    argument: 'new-path',
    run: onTree('edit', (args, session) => session.edit(args)),
  },
  { name: 'exit', help: 'Exit from this configuration level', argument: 'exit', run: exit },
  {
    name: 'load',
    help: 'Load configuration from a file and replace running configuration',
    argument: 'file',
    run: fromFile('load', 'loading'),
  },
  {
    name: 'merge',
    help: 'Load configuration from a file and merge running configuration',
    argument: 'file',
    run: fromFile('merge', 'merging'),
  },
  { name: 'rollback', help: 'Rollback to a prior config revision', argument: 'revision', run: rollback },
  {
    name: 'run',
    help: 'Run an operational-mode command',
    argument: 'op',
    run: (args, { runOp, write }) =>
      args.length === 0 ? refuse(write, '', '  Incomplete command: run', '') : runOp(args),
  },
  { name: 'save', help: 'Save configuration to a file', argument: 'file', run: save },
  {
    name: 'set',
    help: 'Set the value of a parameter or create a new element',
    argument: 'new-path',
    run: onTree('set', (args, session) => session.set(args)),
  },
  { name: 'show', help: 'Show the configuration', argument: 'existing-path', run: show },
  {
    name: 'top',
    help: 'Set the edit level to the root',
    argument: 'none',
    run: onTree('', (_, session) => session.top()),
  },
  {
    name: 'up',
    help: 'Set the edit level up one level',
    argument: 'none',
    run: onTree('', (_, session) => session.up()),
  },
]

export { COMMANDS as CONFIG_COMMANDS }

/** The commands whose name begins so, or the one of exactly that name. */
export function matchingCommands(word: string): readonly ConfigCommand[] {
  const exact = COMMANDS.find(({ name }) => name === word)
  return exact === undefined ? COMMANDS.filter(({ name }) => name.startsWith(word)) : [exact]
}

/** Runs one command of configuration mode. Refusals are written, not thrown. */
export async function runConfigCommand(words: readonly string[], around: CommandSurroundings): Promise<boolean> {
  const [word, ...args] = words
  const found = matchingCommands(word!)
  if (found.length !== 1) {
    const list = found.map(({ name, help }) => `  ${name.padEnd(10)} ${help}`).join('\n')
    around.write(
      indented(found.length === 0 ? `Invalid command: [${word}]` : `Ambiguous command: [${word}]\n\n${list}`),
    )
    return false
  }
  try {
    return await found[0]!.run(args, around)
  } catch (error) {
    if (error instanceof CommandRefused) return refuse(around.write, error.message)
    if (error instanceof ClawgressError) return refuse(around.write, ...error.problems.map(formatProblem))
    throw error
  }
}
