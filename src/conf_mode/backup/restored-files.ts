import { existsSync, mkdirSync, readdirSync, realpathSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { syncFolder } from '../../base/atomic-file.ts'
import { fail } from '../../base/errors.ts'
import type { Layout } from '../../base/layout.ts'
import { historyFolder, prepareFolders } from '../../services/index.ts'
import { replaceFile } from '../policy/policy-file-replace.ts'
import type { BackupContents } from './contents.ts'
import { REPLACED_SUFFIX, type RestoreJournal, sha256, undoRestored, writeJournal } from './restore-journal.ts'

/** One change a second for three years. */
const HIGHEST_NUMBER = 99_999_999

/**
 * Puts the files and the history of a backup in their places, all or none. A machine that has a history keeps its own.
 * The caller holds the lock, and settles later by the journal what stays.
 */
export function putFiles(
  layout: Layout,
  { files, history }: BackupContents,
  { section, unchanged }: Pick<RestoreJournal, 'section' | 'unchanged'>,
): RestoreJournal {
  // Folders made in the history belong to those who may read it.
  prepareFolders(layout)
  const placed = files.map(({ path, content }) => ({ target: targetOf(layout, path), content }))
  const isFirst = history.size > 0 && readdirSync(historyFolder(layout)).length === 0
  const journal: RestoreJournal = {
    files: placed.map(({ target, content }) => {
      const existed = existsSync(target)
      return { path: existed ? realpathSync(target) : target, existed, sha256: sha256(content) }
    }),
    history: isFirst,
    section,
    unchanged,
    committed: false,
  }
  writeJournal(layout, journal)
  try {
    for (const { target, content } of placed) {
      mkdirSync(dirname(target), { recursive: true, mode: 0o755 })
      replaceFile(target, content, REPLACED_SUFFIX)
    }
    if (isFirst) putHistory(layout, history)
  } catch (error) {
    undoRestored(layout, journal)
    throw error
  }
  return journal
}

/** Where a path below /config really lies. Throws ClawgressError where a link leads it out of there. */
export function targetOf(layout: Layout, path: string): string {
  const target = join(layout.root, path)
  let nearest = dirname(target)
  while (!existsSync(nearest)) nearest = dirname(nearest)
  const inside = (real: string) => !relative(realpathSync(layout.config), real).startsWith('..')
  if (!inside(realpathSync(nearest)) || (existsSync(target) && !inside(realpathSync(target))))
    fail('archive.invalid', `A link leads ${path} out of /config; remove it and restore again.`)
  return target
}

/** A number that is higher than any history gets to leaves none for what follows: then they count from 1. */
function numbered(history: BackupContents['history']): [string, ReadonlyMap<string, Buffer>][] {
  const numberOf = (entry: string) => Number(entry.split('-')[0])
  const sorted = [...history].sort(([a], [b]) => numberOf(a) - numberOf(b))
  const [last] = sorted.at(-1) ?? ['0']
  if (numberOf(last) <= HIGHEST_NUMBER) return sorted
  return sorted.map(([entry, files], index) => [`${index + 1}-${entry.split('-')[1]}`, files])
}

function putHistory(layout: Layout, history: BackupContents['history']): void {
  const folder = historyFolder(layout)
  for (const [entry, files] of numbered(history)) {
    const aside = join(folder, `${entry}.new`)
    mkdirSync(aside, { mode: 0o750 })
    for (const [name, content] of files) writeFileSync(join(aside, name), content, { mode: 0o640, flush: true })
    renameSync(aside, join(folder, entry))
  }
  syncFolder(folder)
}
