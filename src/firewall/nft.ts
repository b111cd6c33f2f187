import { spawn } from 'node:child_process'
import { ClawgressError, fail, type Problem } from '../base/errors.ts'
import { TABLE } from './names.ts'

const TIMEOUT_MS = 60_000
const MISSING: Problem = {
  code: 'system.missing-program',
  message: 'The program nft is not installed; install the package nftables.',
}
const MAX_ERROR = 16 << 10

/** Asks the kernel whether it would take the ruleset, without loading it. Throws ClawgressError `apply.check`. */
export async function checkRuleset(text: string): Promise<void> {
  const error = await nft(['-c', '-f', '-'], text)
  if (error !== undefined) fail('apply.check', `nft refused the generated ruleset: ${error}`)
}

/**
 * Loads what `printRuleset` or `printClosedRuleset` gives as one transaction, also where no disk takes a file. Throws
 * ClawgressError `apply.kernel`.
 */
export async function applyRuleset(text: string): Promise<void> {
  const error = await nft(['-f', '-'], text)
  if (error !== undefined) fail('apply.kernel', `The ruleset could not be loaded: ${error}`)
}

/**
 * Loads a file that was printed for an empty kernel, in place of whatever is there of our table, as one transaction.
 * Throws ClawgressError `apply.kernel`.
 */
export const replaceTable = (file: string): Promise<void> =>
  applyRuleset(`table inet ${TABLE}\ndelete table inet ${TABLE}\ninclude "${file}"\n`)

/** Removes our table and everything in it, if it is there. Throws ClawgressError `apply.kernel`. */
export async function removeTable(): Promise<void> {
  const error = await nft(['-f', '-'], `table inet ${TABLE}\ndelete table inet ${TABLE}\n`)
  if (error !== undefined) fail('apply.kernel', `The table inet ${TABLE} could not be removed: ${error}`)
}

/** Undefined on success, else what nft said, shortened. */
function nft(words: readonly string[], input: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn('nft', words, {
      stdio: ['pipe', 'ignore', 'pipe'],
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
      // Ctrl-C on our terminal must not end it in the middle of a commit, which does not heed it either.
      detached: true,
    })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (part: string) => {
      if (said.length < MAX_ERROR) said += part
    })
    child.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'ENOENT' ? new ClawgressError(MISSING) : error)
    })
    child.once('close', (status, signal) => {
      if (status === 0) resolve(undefined)
      else
        resolve(firstError(said) ?? (signal === null ? `exit status ${status}` : `no answer in ${TIMEOUT_MS / 1000} s`))
    })
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}

const firstError = (said: string): string | undefined => {
  const lines = said.split('\n').filter((line) => line.trim() !== '')
  return lines.length === 0 ? undefined : lines.slice(0, 3).join(' ').slice(0, 1000)
}
