import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'

/** A replaced file, until it is settled which content stays. */
export interface Replacement {
  /** The content before is back. Needs no space, so that it works on the full disk that may be the reason for it. */
  undo(): void
  /** The new content stays. */
  keep(): void
}

/**
 * Replaces a file by rename, so that a reader sees the old or the new content and nothing else, and a power failure
 * leaves one of the two. Owner and mode stay; a new file is readable by its owner and group. Until it is settled, the
 * content before lies beside it, under its name and `suffix`.
 */
export function replaceFile(path: string, content: Buffer, suffix = '.clawgress-old'): Replacement {
  const target = existsSync(path) ? realpathSync(path) : path
  const old = `${target}${suffix}`
  rmSync(old, { force: true })
  const hadContent = existsSync(target)
  if (hadContent) linkSync(target, old)
  try {
    write(target, content, hadContent ? statSync(old) : undefined)
  } catch (error) {
    rmSync(old, { force: true })
    throw error
  }
  return {
    undo: () => (hadContent ? renameSync(old, target) : rmSync(target, { force: true })),
    keep: () => rmSync(old, { force: true }),
  }
}

function write(target: string, content: Buffer, owner: { mode: number; uid: number; gid: number } | undefined): void {
  const aside = `${target}.clawgress-new`
  rmSync(aside, { force: true })
  try {
    const fd = openSync(aside, 'wx', 0o640)
    try {
      for (let written = 0; written < content.length; ) written += writeSync(fd, content, written)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    if (owner !== undefined) {
      chownSync(aside, owner.uid, owner.gid)
      chmodSync(aside, owner.mode & 0o775)
    }
    renameSync(aside, target)
  } catch (error) {
    rmSync(aside, { force: true })
    throw error
  }
  const folder = openSync(dirname(target), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
