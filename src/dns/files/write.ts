import { closeSync, linkSync, openSync, renameSync, rmSync, utimesSync, writeSync } from 'node:fs'
import { ClawgressError, fail } from '../../base/errors.ts'
import { type BindIds, ownFile } from './ownership.ts'

/** Writes a file that bind may read, chunk by chunk. Throws as `diskErrors` says. */
export function writeChunks(path: string, chunks: Iterable<Buffer>, ids: BindIds): void {
  const fd = openSync(path, 'w', 0o600)
  try {
    for (const chunk of chunks) for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at)
  } finally {
    closeSync(fd)
  }
  ownFile(path, ids)
}

export const writeText = (path: string, text: string, ids: BindIds): void => writeChunks(path, [Buffer.from(text)], ids)

/**
 * Puts `source` in the place of `target` in one step, as a hard link: a reader finds the old file or the new one. The
 * file's time becomes now, because named leaves a zone alone whose file is not newer than what it loaded, and the file
 * of an earlier generation is older.
 */
export function replaceByLink(source: string, target: string, now = Date.now()): void {
  const aside = `${target}.new`
  rmSync(aside, { force: true })
  linkSync(source, aside)
  utimesSync(aside, now / 1000, now / 1000)
  renameSync(aside, target)
  // Renaming one link of a file over another leaves both (POSIX rename).
  rmSync(aside, { force: true })
}

/** Runs `work`; what the file system refuses becomes a sentence: `apply.disk-full`, or `apply.service` for the rest. */
export function diskErrors<T>(folder: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof ClawgressError) throw error
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOSPC' || code === 'EDQUOT')
      fail('apply.disk-full', `There is no space left below ${folder} for the DNS zones; nothing was changed.`)
    if (code === undefined) throw error
    return fail('apply.service', `The files of named below ${folder} cannot be written: ${message}.`)
  }
}
