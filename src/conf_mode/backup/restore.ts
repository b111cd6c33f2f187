import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ClawgressError, fail, type Problem } from '../../base/errors.ts'
import type { Layout } from '../../base/layout.ts'
import { uninterrupted } from '../../base/uninterrupted.ts'
import { parsePolicy } from '../../policy/index.ts'
import { withLock } from '../../services/index.ts'
import { type ConfigDict, type ConfigTree, configDict, loadDefinitions } from '../../vyos/index.ts'
import { inSentences, problemsOf } from '../failure.ts'
import { liveId } from '../generation.ts'
import { handle, LOCK_WAIT_MS, warningsOf } from '../handler.ts'
import type { HandlerInput } from '../handler-input.ts'
import { type ConfigurationSession, UnsettledCommit } from '../session/configuration-session.ts'
import { verify } from '../verify.ts'
import { type BackupContents, readBackup } from './contents.ts'
import { SECTION } from './members.ts'
import {
  holdRestore,
  isCommitted,
  keepRestored,
  type RestoreJournal,
  settleRestore,
  undoRestored,
} from './restore-journal.ts'
import { putFiles, targetOf } from './restored-files.ts'
import { pkiOf } from './running-pki.ts'
import { sectionChange } from './section-change.ts'

/**
 * Puts a backup into force: everything is checked first, by what checks a commit; then the files are replaced, and the
 * configuration is committed. On failure files and enforcement are as before; where it is not known yet what VyOS's commit
 * comes to, the journal stays, and the guard settles it. Throws ClawgressError.
 */
export async function restoreBackup(
  layout: Layout,
  { running: before, session }: { readonly running: ConfigTree; readonly session: ConfigurationSession },
  file: string,
  tell: (text: string) => void,
): Promise<void> {
  const definitions = loadDefinitions()
  const backup = readBackup(file, definitions)
  const input: HandlerInput = {
    proposed: configDict(backup.section, definitions, SECTION) ?? {},
    effective: configDict(before, definitions, SECTION) ?? null,
    pki: pkiOf(before),
    dry_run: false,
  }
  const unchanged = before.only(SECTION).equals(backup.section)
  const put = async () => {
    for (const line of settleRestore(layout, { ...input, proposed: input.effective })) tell(line)
    for (const warning of await check(layout, backup, input)) tell(warning)
    return putFiles(layout, backup, { section: input.proposed, unchanged })
  }
  const hold = holdRestore(layout)
  try {
    await uninterrupted(async () => {
      const journal = await withLock(layout, LOCK_WAIT_MS, () => inSentences(put), 'restore')
      try {
        if (unchanged) tell(await handle(input, layout))
        else {
          hold.share()
          await commitSection(layout, before, backup, session, tell)
        }
      } catch (error) {
        await takeBack(layout, journal, error)
      }
      keepRestored(layout, journal)
    })
  } finally {
    hold.release()
  }
  tell(`Restored the backup of ${backup.created}. Save the configuration to keep it over a reboot.`)
}

/** Throws what the restore failed with, after the files are as before, or with when they will be settled. */
async function takeBack(layout: Layout, journal: RestoreJournal, error: unknown): Promise<never> {
  const undo = (): Problem[] | undefined => {
    // They are enforced by somebody else's commit that came between, or by the restore's own, which was taken back since.
    if (isCommitted(layout) && liveId(layout) !== undefined) return []
    undoRestored(layout, journal)
    return undefined
  }
  // A commit that is under way needs them when it comes to our handler; what succeeded with them is not undone by files.
  const why =
    error instanceof UnsettledCommit
      ? []
      : await withLock(layout, LOCK_WAIT_MS, undo, 'restore (putting the files back)').catch(problemsOf)
  if (why === undefined) throw error
  const message =
    'The files of the backup are still in place; as soon as no change is under way, the guard keeps them where the configuration of the backup is in force, and takes them back where it is not.'
  throw new ClawgressError([...problemsOf(error), ...why, { code: 'config.conflict', message }], { cause: error })
}

/** Puts the section in the place of the one that is in force. */
async function commitSection(
  layout: Layout,
  before: ConfigTree,
  { section, created }: BackupContents,
  session: ConfigurationSession,
  tell: (text: string) => void,
): Promise<void> {
  const change = sectionChange(before, section, `restore of the backup of ${created}`)
  if (change.expected === undefined && (await session.running()) !== undefined) refuseOutdated()
  const { ok, said, outdated } = await session.change(change)
  if (said.trim() !== '') tell(said.trim())
  if (outdated) refuseOutdated()
  const rest = isCommitted(layout) ? '' : '; everything is as it was'
  if (!ok) fail('config.conflict', `The configuration of the backup was refused${rest}.`)
}

const refuseOutdated = (): never =>
  fail(
    'policy.outdated',
    'service clawgress was changed by somebody else meanwhile, so nothing was restored; look at what changed, and try again.',
  )

/** Verifies as a commit does, with the files of the backup in the place of those on this machine. Touches none of these. */
async function check(layout: Layout, { files, section }: BackupContents, input: HandlerInput): Promise<string[]> {
  for (const { path } of files) targetOf(layout, path)
  const policy = files.find(({ node }) => node[0] === 'policy-file')
  const isDisabled = section.has([...SECTION, 'disable'])
  if (isDisabled) {
    if (policy !== undefined) parsePolicy(policy.content, policy.path)
    return []
  }
  mkdirSync(layout.run, { recursive: true, mode: 0o755 })
  const aside = mkdtempSync(join(layout.run, 'restore-'))
  try {
    const others = files.filter((each) => each !== policy)
    const proposed = others.reduce((config, { node, content }, index) => {
      const place = join(aside, String(index))
      writeFileSync(place, content, { mode: 0o600 })
      return withLeaf(config, node, place.slice(layout.root.length))
    }, input.proposed ?? {})
    return warningsOf(await verify({ ...input, proposed }, layout, policy?.content))
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}

function withLeaf(config: ConfigDict, [name, ...rest]: readonly string[], value: string): ConfigDict {
  const inner = (config[name!] ?? {}) as ConfigDict
  return { ...config, [name!]: rest.length === 0 ? value : withLeaf(inner, rest, value) }
}
