import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs'
import type { z } from 'zod'

const MAX_BYTES = 1 << 20

/** Undefined where the file does not exist. Throws where it is no settings file of this version. */
export function readSettingsFile<Settings extends z.ZodType>(
  path: string,
  settings: Settings,
): z.output<Settings> | undefined {
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    if (fstatSync(fd).size > MAX_BYTES) throw new Error('it is too large')
    return settings.parse(JSON.parse(readFileSync(fd, 'utf8')))
  } finally {
    closeSync(fd)
  }
}

/**
 * Tells one file from another that took its place; undefined where there is none. Never throws: what cannot be looked at
 * is another, and whoever reads it then says why that cannot be done.
 */
export function stampOf(file: string): string | undefined {
  try {
    const stat = statSync(file, { bigint: true, throwIfNoEntry: false })
    return stat === undefined ? undefined : `${stat.ino} ${stat.mtimeNs}`
  } catch (error) {
    return (error as NodeJS.ErrnoException).code
  }
}
