import { closeSync, fstatSync, openSync, readFileSync, rmSync } from 'node:fs'
import { replaceWhole } from '../../base/atomic-file.ts'
import { fail, type Problem } from '../../base/errors.ts'
import { type Layout, operatorPath, runtimePaths } from '../../base/layout.ts'
import { uninterrupted } from '../../base/uninterrupted.ts'
import { MAX_POLICY_BYTES } from '../../policy/index.ts'
import { type Confirmation, confirmationSchema, withLock } from '../../services/index.ts'
import { type Activation, activate, differenceFrom } from '../activate.ts'
import { refuseWhileRestoring, settleRestore } from '../backup/restore-journal.ts'
import { inSentences } from '../failure.ts'
import { currentGeneration, liveId } from '../generation.ts'
import { describe, LOCK_WAIT_MS, operator, warningsOf } from '../handler.ts'
import { type HandlerInput, recallInput } from '../handler-input.ts'
import { verify } from '../verify.ts'
import type { Difference } from './difference.ts'
import { earlierPolicyFile, rollbackFile } from './earlier-policy.ts'
import { readHistory } from './history.ts'
import { policyFileTarget } from './policy-file.ts'
import { type Replacement, replaceFile } from './policy-file-replace.ts'
import { sourcesNamed } from './policy-sources.ts'

export interface ImportOptions {
  /** Unless confirmed within so many minutes, the previous policy comes back. */
  readonly confirmMinutes?: number
  /** Told what is about to change before it changes. */
  readonly tell: (text: string) => void
  /** Generation that the change was made for; where another one is live, it throws `policy.outdated`. */
  readonly expected?: string
  /** How long to wait for another change to finish, milliseconds. */
  readonly lockWaitMs?: number
  /** Who asks, for the history; absent: the operator of this process. */
  readonly user?: string
}

/**
 * Replaces the policy file by another one and activates it: checked first, shown as a difference, replaced atomically;
 * on failure file and enforcement are as before. Throws ClawgressError.
 */
export async function importPolicy(layout: Layout, file: string, options: ImportOptions): Promise<void> {
  const candidate = readCandidate(layout, file)
  await replacePolicy(layout, () => candidate, `policy import ${file}`, options)
}

/** As `importPolicy`, for a policy that is at hand as octets. */
export async function importCandidate(layout: Layout, candidate: Buffer, options: ImportOptions): Promise<Activation> {
  return (await replacePolicy(layout, () => candidate, `policy import by ${options.user ?? operator()}`, options))!
}

/**
 * What importing a policy would do; touches nothing. Throws ClawgressError as an import would.
 * @param expected generation that the change was made for
 */
export async function checkCandidate(layout: Layout, candidate: Buffer, expected?: string): Promise<CheckedCandidate> {
  if (expected !== undefined) refuseOutdated(layout, expected)
  const input = recallInput(layout)
  requirePolicyFile(input)
  const verified = await inSentences(() => verify(input, layout, candidate))
  const live = currentGeneration(layout)
  // Without the lock, another one may have become live meanwhile; it is this one that is compared with.
  if (expected !== undefined) refuseOutdated(layout, expected, live?.id)
  const { generation } = verified.plan
  const difference = differenceFrom(live, verified)
  return { changed: live?.id !== generation, generation, difference, warnings: verified.warnings }
}

export interface CheckedCandidate {
  readonly changed: boolean
  /** What would be live. */
  readonly generation: string
  readonly difference: Difference
  readonly warnings: readonly Problem[]
}

/** Activates the policy of an earlier generation again, by its number or identifier in `show clawgress versions`. */
export async function rollbackPolicy(layout: Layout, wanted: string, options: ImportOptions): Promise<Activation> {
  const candidate = (input: HandlerInput) => rollbackFile(layout, wanted, input)
  return (await replacePolicy(layout, candidate, `policy rollback ${wanted}`, options))!
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
  const { previousGeneration, deadline } = pending
  // The lock may come after a confirmation, or a further import with a deadline of its own.
  const isDue = () => readPending(layout)?.deadline === deadline && isStillNamed(layout, pending)
  // Only the file was imported; nodes of the configuration that were committed since then stay.
  const candidate = () => earlierPolicyFile(layout, previousGeneration)
  await replacePolicy(layout, candidate, 'taking back an unconfirmed policy', options, isDue)
}

async function replacePolicy(
  layout: Layout,
  candidateFor: (input: HandlerInput) => Buffer,
  purpose: string,
  { confirmMinutes, tell, expected, lockWaitMs = LOCK_WAIT_MS, user = operator() }: ImportOptions,
  isWanted = () => true,
): Promise<Activation | undefined> {
  const replace = async () => {
    if (!isWanted()) return undefined
    if (expected !== undefined) refuseOutdated(layout, expected)
    const input = recallInput(layout)
    const policyFile = requirePolicyFile(input)
    refuseWhileRestoring(layout)
    for (const line of settleRestore(layout, { ...input, effective: input.proposed })) tell(line)
    const candidate = candidateFor(input)
    const verified = await verify(input, layout, candidate)
    for (const warning of warningsOf(verified)) tell(warning)
    const forgetConfirmation =
      confirmMinutes === undefined ? () => {} : awaitConfirmation(layout, policyFile, confirmMinutes)
    let replacement: Replacement | undefined
    let activation: Activation
    try {
      replacement = replaceFile(policyFileTarget(layout, policyFile), candidate)
      activation = await activate(layout, verified, input, user, ({ text }) => tell(text.trimEnd()))
      tell(describe(activation, verified))
    } catch (error) {
      replacement?.undo()
      forgetConfirmation()
      throw error
    }
    replacement.keep()
    // The operator's time begins when the policy is live.
    if (confirmMinutes !== undefined) awaitConfirmation(layout, policyFile, confirmMinutes)
    else writePending(layout, undefined)
    return activation
  }
  return withLock(layout, lockWaitMs, () => uninterrupted(() => inSentences(replace)), purpose)
}

/** Throws where the live policy comes from the configuration alone. */
const requirePolicyFile = ({ proposed }: HandlerInput): string =>
  sourcesNamed(proposed ?? {}).file ??
  fail(
    'config.missing',
    'policy-file is not set, the policy stands in the configuration alone; set policy-file first, or import into config.',
    { path: 'service clawgress policy-file' },
  )

/** Where the operator dropped policy-file meanwhile, or named another one, what was imported is not in force any more. */
function isStillNamed(layout: Layout, { policyFile }: Confirmation): boolean {
  const isNamed = sourcesNamed(recallInput(layout).proposed ?? {}).file === policyFile
  if (!isNamed) writePending(layout, undefined)
  return isNamed
}

/** Throws `policy.outdated` where another generation is live. */
export function refuseOutdated(layout: Layout, expected: string, live = liveId(layout)): void {
  if (live !== expected)
    fail(
      'policy.outdated',
      `Generation ${live ?? 'none'} is live by now, not ${expected}; look at what changed, and try again with it.`,
    )
}

/**
 * Writes down what the guard goes back to unless it is confirmed. Done before the change, too, so that an import is
 * taken back whose operator is cut off in the middle. A second unconfirmed import still falls back to what was
 * confirmed last. Returns how to undo it.
 */
function awaitConfirmation(layout: Layout, policyFile: string, minutes: number): () => void {
  const pending = readPending(layout)
  const confirmed = pending?.policyFile === policyFile ? pending.previousGeneration : undefined
  const previousGeneration = confirmed ?? readHistory(layout).at(-1)?.generation
  const deadline = new Date(Date.now() + minutes * 60_000).toISOString()
  if (previousGeneration !== undefined) writePending(layout, { deadline, previousGeneration, policyFile })
  return () => writePending(layout, pending)
}

function writePending(layout: Layout, pending: Confirmation | undefined): void {
  const { confirmation } = runtimePaths(layout)
  if (pending === undefined) {
    rmSync(confirmation, { force: true })
    return
  }
  replaceWhole(confirmation, JSON.stringify(pending), 0o644)
}

function readPending(layout: Layout): Confirmation | undefined {
  const { confirmation } = runtimePaths(layout)
  let text: string
  try {
    text = readFileSync(confirmation, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    return confirmationSchema.parse(JSON.parse(text))
  } catch {
    return fail(
      'policy.file',
      'What was written down of an unconfirmed import cannot be read; remove the file, and choose the policy with clawgress policy rollback.',
      { file: confirmation },
    )
  }
}

/** Reads a file that an operator named; it may lie anywhere, because it becomes the policy only as a copy. */
export function readCandidate(layout: Layout, typed: string): Buffer {
  const file = operatorPath(layout, typed)
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
