import { lstatSync, type Stats } from 'node:fs'
import { basename, join } from 'node:path'
import { fail } from '../../base/errors.ts'
import { type Layout, runtimePaths } from '../../base/layout.ts'

/**
 * The folder, if a commit made it: one of `${run}/generations`, named by its generation (16 hexadecimal digits), root's
 * and writable by nobody else. Whoever may give orders to the pinner must not hand it a policy of his own. Throws
 * `config.value` for any other.
 */
export function generationFolder(layout: Layout, dir: string): string {
  const { generations } = runtimePaths(layout)
  const id = basename(dir)
  if (dir !== join(generations, id) || !/^[0-9a-f]{16}$/.test(id))
    fail('config.value', `${shown(dir)} is no generation below ${generations}; commit to make one.`)
  for (const path of [generations, dir]) {
    const stat = lstatSync(path, { throwIfNoEntry: false })
    if (stat === undefined) fail('config.value', `There is no generation at ${dir}; commit to make one.`)
    if (!isRootsAlone(stat)) fail('config.value', `${path} is not a folder of root's alone; remove it and commit.`)
  }
  return dir
}

const isRootsAlone = (stat: Stats): boolean => stat.isDirectory() && stat.uid === 0 && (stat.mode & 0o022) === 0

const shown = (dir: string): string => JSON.stringify(dir.slice(0, 200))
