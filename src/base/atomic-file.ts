import { closeSync, fchownSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Replaces a file by rename: a reader sees the old or the new content, a power failure leaves one of the two. The file
 * written aside is always a new one, so that nothing planted under its name decides owner, mode or place. `group` is a
 * numeric id; absent: our own.
 */
export function replaceWhole(file: string, content: string | Buffer, mode: number, group?: number): void {
  const aside = `${file}.new`
  rmSync(aside, { force: true })
  try {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    const fd = openSync(aside, 'wx', mode)
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written)
      if (group !== undefined) fchownSync(fd, process.getuid!(), group)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(aside, file)
  } catch (error) {
    rmSync(aside, { force: true })
    throw error
  }
  syncFolder(dirname(file))
}

/** Makes a rename in the folder outlive a power failure (fsync(2)). */
export function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
