import { existsSync, mkdirSync, readdirSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { syncFolder } from '../../base/atomic-file.ts'
import { fail } from '../../base/errors.ts'
import type { Layout } from '../../base/layout.ts'
import { historyFolder, prepareFolders } from '../../services/index.ts'
import { type Replacement, replaceFile } from '../policy-file-replace.ts'
import type { BackupContents } from './contents.ts'

/**
 * Puts the files and the history of a backup in their places, all or none. A machine that has a history keeps its own.
 * The caller holds the lock, and says later what stays.
 */
export function putFiles(layout: Layout, { files, history }: BackupContents): Replacement {
  const done: Replacement[] = []
  const each = (what: keyof Replacement) => {
    for (const replacement of done.reverse()) replacement[what]()
  }
  try {
    for (const { path, content } of files) {
      const target = targetOf(layout, path)
      mkdirSync(dirname(target), { recursive: true, mode: 0o755 })
      done.push(replaceFile(target, content))
    }
    if (history.size > 0) done.push(putHistory(layout, history))
  } catch (error) {
    each('undo')
    throw error
  }
  return { undo: () => each('undo'), keep: () => each('keep') }
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

function putHistory(layout: Layout, history: BackupContents['history']): Replacement {
  // Folders made in it belong to those who may read it.
  prepareFolders(layout)
  const folder = historyFolder(layout)
  if (readdirSync(folder).length > 0) return { undo: () => {}, keep: () => {} }
  const undo = () => {
    for (const entry of readdirSync(folder)) rmSync(join(folder, entry), { recursive: true, force: true })
  }
  try {
    for (const [entry, files] of history) {
      const aside = join(folder, `${entry}.new`)
      mkdirSync(aside, { mode: 0o750 })
      for (const [name, content] of files) writeFileSync(join(aside, name), content, { mode: 0o640, flush: true })
      renameSync(aside, join(folder, entry))
    }
    syncFolder(folder)
  } catch (error) {
    undo()
    throw error
  }
  // What the restored configuration itself adds to it goes, too: as before means empty.
  return { undo, keep: () => {} }
}
