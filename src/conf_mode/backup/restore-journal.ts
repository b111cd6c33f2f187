import { createHash } from 'node:crypto'
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { replaceWhole } from '../../base/atomic-file.ts'
import { fail } from '../../base/errors.ts'
import { type Layout, runtimePaths } from '../../base/layout.ts'
import { isHeld, keepOpenInChildren, tryExclusive } from '../../services/file-lock.ts'
import { historyFolder } from '../../services/index.ts'
import type { ConfigDict, ConfigValue } from '../../vyos/index.ts'
import { configDict, type HandlerInput } from '../handler-input.ts'

const journalSchema = z.strictObject({
  /** Where each file of the backup goes, links followed; whether one lay there; what the backup puts there. */
  files: z.array(z.strictObject({ path: z.string(), existed: z.boolean(), sha256: z.string() })),
  /** The history was empty, and comes from the backup. */
  history: z.boolean(),
  /** `service clawgress` of the backup, as a handler is given it. */
  section: configDict,
  /** That was in force before, too. */
  unchanged: z.boolean(),
  /** A commit has succeeded since the files are in place. */
  committed: z.boolean(),
})

/** What a restore is about to replace; written down before it begins, removed when it is settled what stays. */
export type RestoreJournal = z.infer<typeof journalSchema>

/** The content before, beside the file. An import that comes in between has another name for its own. */
export const REPLACED_SUFFIX = '.clawgress-restored'

export const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex')

export function writeJournal(layout: Layout, journal: RestoreJournal): void {
  mkdirSync(layout.state, { recursive: true, mode: 0o755 })
  // The configuration in it may hold keys.
  replaceWhole(runtimePaths(layout).restoreJournal, JSON.stringify(journal), 0o600)
}

/** The mark that a restore is under way. */
interface RestoreHold {
  /** Lets the commit that is started now, VyOS's or our own handler's, hold it, too: it goes on when the restore is killed. */
  share(): void
  release(): void
}

/** Marks this process as the one whose journal it is; the kernel ends that with the process. */
export function holdRestore(layout: Layout): RestoreHold {
  mkdirSync(layout.run, { recursive: true, mode: 0o755 })
  const fd = openLock(layout)
  if (tryExclusive(fd)) return { share: () => keepOpenInChildren(fd), release: () => closeSync(fd) }
  closeSync(fd)
  return refuseDuringRestore()
}

/** Refuses while a restore is between its files and its commit. Throws ClawgressError `apply.busy`. */
export function refuseWhileRestoring(layout: Layout): void {
  if (isRestoring(layout)) refuseDuringRestore()
}

const refuseDuringRestore = (): never =>
  fail('apply.busy', 'A backup is being restored at this moment. Try again when that is done.')

const openLock = (layout: Layout): number =>
  openSync(runtimePaths(layout).restoreLock, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)

const isRestoring = (layout: Layout): boolean => isHeld(runtimePaths(layout).restoreLock)

/** A restore was cut off, and nobody has settled it yet. */
export const isUnsettled = (layout: Layout): boolean =>
  existsSync(runtimePaths(layout).restoreJournal) && !isRestoring(layout)

/**
 * Settles a restore that was cut off: its files stay where its configuration is in force by now, and everything is as
 * before where it is not. Leaves one alone that is under way. The caller holds the lock. Returns a sentence where
 * anything was put back.
 */
export function settleCutOffRestore(layout: Layout, config: Pick<HandlerInput, 'proposed' | 'effective'>): string[] {
  return isRestoring(layout) ? [] : settleRestore(layout, config)
}

/** As `settleCutOffRestore`, for who knows that no restore is under way. */
export function settleRestore(
  layout: Layout,
  { proposed, effective }: Pick<HandlerInput, 'proposed' | 'effective'>,
): string[] {
  const journal = readJournal(layout)
  if (journal === undefined) return []
  const is = (config: ConfigDict | null) => canonical(config ?? '') === canonical(journal.section ?? '')
  if (journal.committed && (is(effective) || (effective === null && is(proposed)))) {
    keepRestored(layout, journal)
    return []
  }
  // The very commit that the restore began goes on without it.
  if (!journal.unchanged && is(proposed) && !is(effective)) return []
  undoRestored(layout, journal)
  return ['A restore of a backup was cut off before it was done; its files were taken back.']
}

/** The files of a restore that is under way belong to what is in force from now on. */
export function noteCommitted(layout: Layout): void {
  const journal = readJournal(layout)
  if (journal === undefined || journal.committed) return
  try {
    writeJournal(layout, { ...journal, committed: true })
  } catch {
    // On a full disk a commit that is live has not failed; the restore knows how it ended, unless it is cut off, too.
  }
}

/** A commit has succeeded with the files of the restore that is under way. */
export const isCommitted = (layout: Layout): boolean => readJournal(layout)?.committed === true

/** Everything as before, also after only a part was replaced. What somebody else put there since then stays. */
export function undoRestored(layout: Layout, { files, history }: RestoreJournal): void {
  for (const { path, existed, sha256: restored } of [...files].reverse()) {
    const old = `${path}${REPLACED_SUFFIX}`
    const isOurs = !existsSync(path) || sha256(readFileSync(path)) === restored
    if (existed && isOurs && existsSync(old)) renameSync(old, path)
    if (!existed && isOurs) rmSync(path, { force: true })
    rmSync(old, { force: true })
  }
  // What the restored configuration itself has added goes, too: as before means empty.
  if (history && existsSync(historyFolder(layout)))
    for (const entry of readdirSync(historyFolder(layout)))
      rmSync(join(historyFolder(layout), entry), { recursive: true, force: true })
  rmSync(runtimePaths(layout).restoreJournal, { force: true })
}

/** The restored files stay. They took the place of an import, too, that nobody has confirmed yet. */
export function keepRestored(layout: Layout, { files }: RestoreJournal): void {
  for (const { path } of files) rmSync(`${path}${REPLACED_SUFFIX}`, { force: true })
  rmSync(runtimePaths(layout).confirmation, { force: true })
  rmSync(runtimePaths(layout).restoreJournal, { force: true })
}

function readJournal(layout: Layout): RestoreJournal | undefined {
  const file = runtimePaths(layout).restoreJournal
  if (!existsSync(file)) return undefined
  try {
    return journalSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return fail(
      'archive.invalid',
      'What was written down of a restore that was cut off cannot be read; see that the policy file is the one that you want, remove this file and try again.',
      { file },
    )
  }
}

/** The same text for the same configuration, in whatever order and form its parts came. */
function canonical(value: ConfigValue): string {
  if (typeof value === 'string') return canonical([value])
  if (Array.isArray(value)) return JSON.stringify([...value].sort())
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`).join()}}`
}
