import { closeSync, fstatSync, openSync, readdirSync, type Stats } from 'node:fs'
import { basename, dirname } from 'node:path'

/** Which file it is, whatever its name. */
export interface FileIdentity {
  readonly device: number
  readonly inode: number
  /** Birth time in milliseconds (0 where the filesystem has none): inode numbers are used again. */
  readonly born: number
}

export interface OpenFile {
  readonly fd: number
  readonly stat: Stats
}

/** Older files of one log that are looked at. */
const MOST = 100

export const isThe = (file: FileIdentity, stat: Stats): boolean =>
  stat.dev === file.device && stat.ino === file.inode && stat.birthtimeMs === file.born

/**
 * Opens the file that followed `file` in a log that is turned over (`path`, before it `path.0` or `path.1`, and so on):
 * the log itself unless it was turned over more than once since. Undefined where there is no log, or none but `file`.
 * `isGap`: `file` is gone and others were turned over since, so that some between may be gone as well.
 */
export function openNext(path: string, file: FileIdentity): { next: OpenFile; isGap: boolean } | undefined {
  const newer: OpenFile[] = []
  let isThere = false
  // From the newest on: one that is renamed meanwhile is met again, and none is missed.
  for (const name of [path, ...numbers(path).map((number) => `${path}.${number}`)]) {
    const each = openFile(name)
    if (each === undefined) continue
    isThere = isThe(file, each.stat)
    if (isThere || newer.at(-1)?.stat.ino === each.stat.ino) closeSync(each.fd)
    else newer.push(each)
    if (isThere) break
  }
  // Where `file` is gone, only the age of the others tells which of them were read before it.
  const later = isThere
    ? newer
    : newer.filter(({ stat }, index) => index === 0 || (file.born > 0 && stat.birthtimeMs > file.born))
  const next = later.at(-1)
  for (const each of newer) if (each !== next) closeSync(each.fd)
  return next === undefined ? undefined : { next, isGap: !isThere && later.length > 1 }
}

/** Of the older files, and the one after them, which a renaming may make meanwhile. */
function numbers(path: string): number[] {
  const start = `${basename(path)}.`
  const found = namesIn(dirname(path))
    .filter((name) => name.startsWith(start) && /^\d{1,3}$/.test(name.slice(start.length)))
    .map((name) => Number(name.slice(start.length)))
  return Array.from({ length: Math.min(MOST, Math.max(-2, ...found) + 2) }, (_, number) => number)
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    // Gone, or not ours to list: then the log itself is all that can be read.
    return []
  }
}

function openFile(path: string): OpenFile | undefined {
  try {
    const fd = openSync(path, 'r')
    return { fd, stat: fstatSync(fd) }
  } catch {
    // Not there, or just renamed: then it is met under its next name.
    return undefined
  }
}
