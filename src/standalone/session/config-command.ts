import type { ConfigSession } from './config-session.ts'
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
export type Argument =
  | 'new-path'
  | 'existing-path'
  | 'file'
  | 'revision'
  | 'op'
  | 'commit'
  | 'commit-confirm'
  | 'exit'
  | 'none'

export interface ConfigCommand {
  readonly name: string
  readonly help: string
  readonly argument: Argument
  run(args: readonly string[], around: CommandSurroundings): boolean | Promise<boolean>
}

/** Output of commands that touch the tree is set off and indented, as VyOS does. */
export const indented = (text: string): string => `\n${text.replace(/^(?=.)/gm, '  ')}\n\n`

export const refuse = (write: (text: string) => void, ...lines: readonly string[]): false => {
  write(`${lines.join('\n')}\n`)
  return false
}

/** Is `word` the keyword, perhaps shortened? */
export const isKeyword = (word: string | undefined, keyword: string): boolean =>
  word !== undefined && word !== '' && keyword.startsWith(word)
