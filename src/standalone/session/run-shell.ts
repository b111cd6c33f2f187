import { createInterface } from 'node:readline'
import { fail } from '../../base/errors.ts'
import { currentLayout } from '../../base/layout.ts'
import { ownCommand } from '../../base/own-command.ts'
import { hasVyosConfiguration } from '../../base/vyos-machine.ts'
import { Shell, type ShellOptions } from './shell.ts'
import { watchUnconfirmed } from './watch-unconfirmed.ts'

export interface RunOptions {
  /** Commands to run instead of reading any: separated by `;` or line ends. */
  readonly command?: string
  /** Load the saved configuration and commit it, then end. */
  readonly boot?: boolean
  /** Wait until the commit that waits for `confirm` is confirmed, or take it back when its time is over. */
  readonly revertUnconfirmed?: boolean
  /** Stands in for our own executable. */
  readonly program?: readonly string[]
}

/**
 * Runs the shell on this process's standard input and output.
 * @returns exit status: 1 as soon as a command fails where no one is at a terminal to see it
 */
export async function runShell(options: RunOptions): Promise<number> {
  const layout = currentLayout()
  if (hasVyosConfiguration(layout)) {
    fail('config.conflict', 'This machine runs VyOS, which has a configuration session of its own; use "configure".')
  }
  const shellOptions: ShellOptions = {
    layout,
    program: options.program ?? ownCommand(),
    write: (text) => process.stdout.write(text),
  }
  const shell = new Shell(shellOptions)
  if (options.revertUnconfirmed) return (await watchUnconfirmed(shell)) ? 0 : 1
  if (options.boot) return (await shell.boot()) ? 0 : 1
  if (options.command !== undefined) return runLines(shell, options.command.split('\n'))
  if (!process.stdin.isTTY)
    return runLines(shell, createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY }))
  const { runTerminal } = await import('./terminal.ts')
  await runTerminal(shell)
  return 0
}

/** A failing command ends the run, so that a script never commits half of what it meant. */
async function runLines(shell: Shell, lines: Iterable<string> | AsyncIterable<string>): Promise<number> {
  for await (const line of lines) {
    if (!(await shell.execute(line))) return 1
    if (shell.ended) return 0
  }
  if (shell.session?.isChanged) {
    process.stdout.write('Warning: uncommitted changes were discarded.\n')
  }
  return 0
}
