import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'

/**
 * Replaces a file by rename, so that a reader sees the old or the new content and nothing else, and a power failure
 * leaves one of the two. Owner and mode stay; a new file is readable by its owner and group. Returns how to undo it.
 */
export function replaceFile(path: string, content: Buffer): () => void {
  const target = existsSync(path) ? realpathSync(path) : path
  const before = existsSync(target) ? { content: readFileSync(target), stat: statSync(target) } : undefined
  write(target, content, before?.stat)
  return () => {
    if (before === undefined) rmSync(target, { force: true })
    else write(target, before.content, before.stat)
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
