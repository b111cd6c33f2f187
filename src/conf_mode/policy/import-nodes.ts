import { ClawgressError, fail, type Problem } from '../../base/errors.ts'
import type { Layout } from '../../base/layout.ts'
import { uninterrupted } from '../../base/uninterrupted.ts'
import { countEntries, nativeChange, nativeWords, type Policy, parsePolicy } from '../../policy/index.ts'
import { withLock } from '../../services/index.ts'
import type { ConfigDict } from '../../vyos/index.ts'
import { problemsOf } from '../failure.ts'
import { currentGeneration, liveId } from '../generation.ts'
import { LOCK_WAIT_MS, warningsOf } from '../handler.ts'
import type { ConfigurationChange, ConfigurationSession } from '../session/configuration-session.ts'
import { isSaved } from '../session/saved-configuration.ts'
import { differenceOf } from './difference.ts'
import { refuseOutdated } from './import-policy.ts'
import { sourcesNamed } from './policy-sources.ts'
import { storedPolicy } from './stored-policy.ts'

/** VyOS's configuration system needs minutes for more tag nodes, and never ends for many more. */
export const MAX_NATIVE_ENTRIES = 500
/** Values of all entries together, each of which VyOS sets and checks by starting programs. */
export const MAX_NATIVE_VALUES = 5000

export interface NodeImportOptions {
  /** How the operator named the file. */
  readonly file: string
  /** Take the policy file out of the configuration in the same commit; absent where who asks has no such choice. */
  readonly deletePolicyFile?: boolean
  readonly save: boolean
  /** Generation that the policy was made for; where another one is live, it throws `policy.outdated`. */
  readonly expected?: string
  /** How long to wait for another change to finish before what is enforced is looked up, milliseconds. */
  readonly lockWaitMs?: number
  /** Told what is about to change before it changes, and what the commit said. */
  readonly tell: (text: string) => void
}

/**
 * Puts the policy of a file in place of the nodes below `service clawgress policy`, in one commit. Nothing is changed
 * where the file or the commit is refused. Throws ClawgressError.
 */
export async function importIntoNodes(
  layout: Layout,
  candidate: Buffer,
  session: ConfigurationSession,
  options: NodeImportOptions,
): Promise<void> {
  const { file, save, tell, expected, lockWaitMs = LOCK_WAIT_MS } = options
  const parsed = parsePolicy(candidate, file)
  const { policy } = parsed
  refuseLarge(policy, file)
  const running = await session.running()
  if (running === undefined)
    fail('config.missing', 'service clawgress is not configured; set its client interfaces and commit first.')
  // After the configuration was read: a commit that ends before is seen here, one that ends later by the session.
  if (expected !== undefined) refuseOutdated(layout, expected)
  const change = changeOf(running, policy, options)
  for (const warning of warningsOf(parsed)) tell(warning)
  const live = livePolicy(layout)
  const difference = differenceOf(live, policy)
  tell(difference.text.trimEnd())
  const isHeld = change.remove.length + change.set.length === 0
  if (isHeld) {
    // As a commit leaves it that is killed between our handler and its own end.
    if (live !== undefined && !difference.same)
      fail(
        'config.conflict',
        'The configuration holds this policy already, but another one is enforced: change something else below service clawgress and commit, so that what is enforced is what is configured.',
      )
    tell('The configuration holds this policy already.')
    // As seldom as can be: others may have committed what they do not want to be saved yet.
    if (!save || isSaved(layout, running)) return
  }
  const before = liveId(layout)
  const { ok, said, unsaved, outdated } = await uninterrupted(() => session.change(change)).catch((error) =>
    refuseWith(error, () => enforced(layout, before, lockWaitMs)),
  )
  if (said.trim() !== '') tell(said.trim())
  if (outdated)
    fail(
      'policy.outdated',
      'service clawgress was changed by somebody else meanwhile, so nothing was imported; look at what changed, and try again.',
      { file },
    )
  if (!ok)
    fail(
      'config.conflict',
      `The configuration refused the policy and is as it was. ${(await enforced(layout, before, lockWaitMs)).message}`,
      { file },
    )
  if (unsaved)
    fail(
      'config.conflict',
      'The policy is in force, but the configuration could not be saved: run save in configuration mode, or it is gone after a reboot.',
    )
  if (!save) tell('The configuration is not saved: run save in configuration mode, or it is gone after a reboot.')
  else if (isHeld) tell('It was not saved yet, and is now.')
}

interface Enforced extends Pick<Problem, 'code' | 'message'> {
  readonly isSame: boolean
}

/** What is enforced, looked up when a commit has failed: our handler may go on after VyOS's commit broke off. */
async function enforced(layout: Layout, before: string | undefined, lockWaitMs: number): Promise<Enforced> {
  let live: string | undefined
  try {
    live = await withLock(layout, lockWaitMs, () => liveId(layout), 'policy import')
  } catch (error) {
    const [{ code, message }] = problemsOf(error) as [Problem]
    const open =
      'What is enforced is not settled yet; look at show clawgress status, and at show clawgress versions, when it is.'
    return { isSame: false, code, message: `${message} ${open}` }
  }
  if (live === before)
    return { isSame: true, code: 'config.conflict', message: `Generation ${live ?? 'none'} is live as before.` }
  const message = `Generation ${live ?? 'none'} is live now, not ${before ?? 'none'} as before: change something below service clawgress and commit, so that what is enforced is what is configured.`
  return { isSame: false, code: 'config.conflict', message }
}

/** A session that broke off tells what is configured; this adds what is enforced, where that is something else now. */
async function refuseWith(error: unknown, lookUp: () => Promise<Enforced>): Promise<never> {
  const { isSame, ...problem } = await lookUp()
  if (isSame) throw error
  throw new ClawgressError([...problemsOf(error), problem], { cause: error })
}

function refuseLarge(policy: Policy, file: string): void {
  const advice = 'Keep it in a file: set service clawgress policy-file, and import it without "into config".'
  const entries = countEntries(policy)
  if (entries > MAX_NATIVE_ENTRIES)
    fail(
      'policy.limit',
      `The policy has ${entries} entries; the configuration carries at most ${MAX_NATIVE_ENTRIES}. ${advice}`,
      { file },
    )
  const values = nativeWords(policy).length
  if (values > MAX_NATIVE_VALUES)
    fail(
      'policy.limit',
      `The entries of the policy have ${values} values; the configuration carries at most ${MAX_NATIVE_VALUES}. ${advice}`,
      { file },
    )
}

const WITH_CHOICE =
  'add --delete-policy-file (delete-policy-file in operational mode) to take it out of the configuration in the same commit, or import into the file'
const WITHOUT_CHOICE =
  'leave out into=config to replace the file, or have the file taken out on the gateway first, by clawgress policy import FILE into config --delete-policy-file --save'

function changeOf(
  running: ConfigDict,
  policy: Policy,
  { file, deletePolicyFile, save }: NodeImportOptions,
): ConfigurationChange {
  const { file: policyFile, nodes } = sourcesNamed(running)
  if (policyFile !== undefined && deletePolicyFile !== true)
    fail(
      'config.conflict',
      `The policy file ${policyFile} would stay in force beside the nodes; ${deletePolicyFile === undefined ? WITHOUT_CHOICE : WITH_CHOICE}.`,
      { path: 'service clawgress policy-file' },
    )
  const { remove, set } = nativeChange(nodes ?? {}, policy)
  const below = set.length === 0 && nodes === undefined ? [[]] : set
  return {
    remove: [...(policyFile === undefined ? [] : [['policy-file']]), ...remove.map((words) => ['policy', ...words])],
    set: below.map((words) => ['policy', ...words]),
    comment: `policy import ${file}`.slice(0, 100),
    save,
    expected: running,
  }
}

function livePolicy(layout: Layout): Policy | undefined {
  const live = currentGeneration(layout)
  return live === undefined ? undefined : storedPolicy(live.folder, live.plan)
}
