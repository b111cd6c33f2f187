import { execa } from 'execa'

/** What a program may take, milliseconds, and say, octets: the newest of it stays. */
const TIMEOUT_MS = 10_000
const MAX_OUTPUT = 1 << 20

/** Output of a program for a report; where it cannot be run, or fails, that is what the report says. Never rejects. */
export async function outputOf([program, ...words]: readonly [string, ...string[]]): Promise<string> {
  const { all, exitCode, shortMessage } = await execa(program, words, {
    all: true,
    reject: false,
    stdin: 'ignore',
    timeout: TIMEOUT_MS,
    maxBuffer: 4 * MAX_OUTPUT,
    env: { LC_ALL: 'C.UTF-8' },
  })
  const text = (all ?? '').slice(-MAX_OUTPUT).trimEnd()
  if (exitCode === 0) return `${text}\n`
  return `${text}\n(${exitCode === undefined ? `could not be run: ${shortMessage}` : `ended with status ${exitCode}`})\n`
}
