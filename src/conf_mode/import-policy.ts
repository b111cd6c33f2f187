import { closeSync, fstatSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fail } from '../base/errors.ts'
import { type Layout, runtimePaths } from '../base/layout.ts'
import { MAX_POLICY_BYTES } from '../policy/index.ts'
import { withLock } from '../services/index.ts'
import { activate } from './activate.ts'
import { describe, LOCK_WAIT_MS, operator, warningsOf } from './handler.ts'
import { recallInput } from './handler-input.ts'
import { readHistory } from './history.ts'
import { policyFilePath } from './policy-file.ts'
import { replaceFile } from './policy-file-replace.ts'
import { verify } from './verify.ts'

export interface ImportOptions {
  /** Unless confirmed within so many minutes, the previous policy comes back. */
  readonly confirmMinutes?: number
  /** Told what is about to change before it changes. */
  readonly tell: (text: string) => void
}

/**
 * Replaces the policy file by another one and activates it: checked first, shown as a difference, replaced atomically;
 * on failure file and enforcement are as before. Throws ClawgressError.
 */
export async function importPolicy(layout: Layout, file: string, options: ImportOptions): Promise<void> {
  await replacePolicy(layout, readCandidate(operatorPath(layout, file)), `policy import ${file}`, options)
}

/** Activates the policy of an earlier generation again, by its number or identifier in `show clawgress versions`. */
export async function rollbackPolicy(layout: Layout, wanted: string, options: ImportOptions): Promise<void> {
  const entry = readHistory(layout)
    .reverse()
    .find(({ number, generation }) => String(number) === wanted || generation === wanted)
  if (entry === undefined)
    fail('policy.file', `There is no generation ${wanted} in the history; show clawgress versions lists them.`)
  await replacePolicy(layout, readFileSync(join(entry.folder, 'policy.json')), `policy rollback ${wanted}`, options)
}

/** Keeps an imported policy that waits for its confirmation. */
export async function confirmPolicy(layout: Layout): Promise<string> {
  return withLock(
    layout,
    LOCK_WAIT_MS,
    () => {
      if (readPending(layout) === undefined) fail('policy.file', 'No imported policy waits for a confirmation.')
      rmSync(runtimePaths(layout).confirmation, { force: true })
      return 'The imported policy stays.'
    },
    'policy confirm',
  )
}

/** Called by the guard when the time for a confirmation has passed. */
export async function revertUnconfirmed(layout: Layout, options: ImportOptions): Promise<void> {
  const pending = readPending(layout)
  if (pending === undefined) return
  await rollbackPolicy(layout, pending.previousGeneration, options)
  rmSync(runtimePaths(layout).confirmation, { force: true })
}

async function replacePolicy(
  layout: Layout,
  candidate: Buffer,
  purpose: string,
  { confirmMinutes, tell }: ImportOptions,
): Promise<void> {
  await withLock(
    layout,
    LOCK_WAIT_MS,
    async () => {
      const { proposed } = recallInput(layout)
      const verified = await verify(proposed ?? {}, layout, candidate)
      const pending = readPending(layout)
      const before = readHistory(layout).at(-1)?.generation
      for (const warning of warningsOf(verified)) tell(warning)
      const putBack = replaceFile(policyFilePath(layout, verified.policyFile), candidate)
      try {
        const activation = await activate(layout, verified, operator(), ({ text }) => tell(text.trimEnd()))
        tell(describe(activation, verified))
      } catch (error) {
        putBack()
        throw error
      }
      if (confirmMinutes === undefined) rmSync(runtimePaths(layout).confirmation, { force: true })
      // A second unconfirmed import still falls back to what was confirmed last.
      else awaitConfirmation(layout, confirmMinutes, pending?.previousGeneration ?? before)
    },
    purpose,
  )
}

function awaitConfirmation(layout: Layout, minutes: number, previousGeneration: string | undefined): void {
  if (previousGeneration === undefined) return
  const { confirmation } = runtimePaths(layout)
  const deadline = new Date(Date.now() + minutes * 60_000).toISOString()
  writeFileSync(`${confirmation}.new`, JSON.stringify({ deadline, previousGeneration }))
  renameSync(`${confirmation}.new`, confirmation)
}

function readPending(layout: Layout): { deadline: string; previousGeneration: string } | undefined {
  try {
    return JSON.parse(readFileSync(runtimePaths(layout).confirmation, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** What an operator calls /config lies below the lab's folder in a lab. */
const operatorPath = (layout: Layout, typed: string): string =>
  typed.startsWith('/config/') ? policyFilePath(layout, typed) : typed

/** The candidate may lie anywhere; it becomes the policy only as a copy. */
function readCandidate(file: string): Buffer {
  let fd: number
  try {
    fd = openSync(file, 'r')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return fail('policy.file', `The file cannot be read (${code}).`, { file })
  }
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) fail('policy.file', 'This is not a regular file.', { file })
    if (stat.size > MAX_POLICY_BYTES)
      fail('policy.file', `The file is larger than ${MAX_POLICY_BYTES} bytes.`, { file })
    return readFileSync(fd)
  } finally {
    closeSync(fd)
  }
}
