import { ClawgressError, formatProblem } from '../../base/errors.ts'
import { COMMIT_COMMANDS } from './commit-commands.ts'
import { type CommandSurroundings, type ConfigCommand, indented, isKeyword, refuse } from './config-command.ts'
import { CommandRefused } from './config-session.ts'
import { FILE_COMMANDS } from './file-commands.ts'
import { TREE_COMMANDS } from './tree-commands.ts'

function exit(args: readonly string[], { session, write, leave }: CommandSurroundings): boolean {
  const [keyword, ...rest] = args
  const discards = isKeyword(keyword, 'discard') && rest.length === 0
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

function run(args: readonly string[], { runOp, write }: CommandSurroundings): boolean | Promise<boolean> {
  return args.length === 0 ? refuse(write, '', '  Incomplete command: run', '') : runOp(args)
}

const MODE_COMMANDS: readonly ConfigCommand[] = [
  { name: 'exit', help: 'Exit from this configuration level', argument: 'exit', run: exit },
  { name: 'run', help: 'Run an operational-mode command', argument: 'op', run },
]

const COMMANDS = [...TREE_COMMANDS, ...COMMIT_COMMANDS, ...FILE_COMMANDS, ...MODE_COMMANDS].toSorted((a, b) =>
  a.name < b.name ? -1 : 1,
)

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
    const list = found.map(({ name, help }) => `  ${name.padEnd(14)} ${help}`).join('\n')
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
