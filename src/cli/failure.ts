import { CommanderError } from 'commander'
import { ClawgressError, formatProblem } from '../base/errors.ts'

/** Exit statuses of every command. */
export const EXIT = { done: 0, refused: 1, usage: 2 } as const

/**
 * Prints what went wrong, in sentences, and gives the exit status. Anything that is no refusal, of ours or of the system
 * to a user who is not root, is a defect: one sentence, and the stack only with `CLAWGRESS_DEBUG=1`.
 */
export function reportFailure(error: unknown): number {
  // commander has printed its own message, or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
  if (error instanceof ClawgressError) {
    for (const problem of error.problems) process.stderr.write(`${formatProblem(problem)}\n`)
    return EXIT.refused
  }
  const { message, stack, code }: NodeJS.ErrnoException = error instanceof Error ? error : new Error(String(error))
  if ((code === 'EACCES' || code === 'EPERM') && process.getuid?.() !== 0) {
    const refused = `Only root may do that (${oneLine(message)}). Run the command with sudo.`
    process.stderr.write(`${formatProblem({ code: 'system.privilege', message: refused })}\n`)
    return EXIT.refused
  }
  const said = `Clawgress made a mistake; nothing more was done: ${oneLine(message)}.`
  process.stderr.write(`${formatProblem({ code: 'internal.bug', message: said })}\n`)
  if (process.env.CLAWGRESS_DEBUG === '1' && stack !== undefined) process.stderr.write(`${stack}\n`)
  return EXIT.refused
}

const oneLine = (text: string): string =>
  text
    .replace(/[\x00-\x1f\x7f]+/g, ' ')
    .slice(0, 300)
    .replace(/\.$/, '')
