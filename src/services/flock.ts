import { closeSync, constants, existsSync, openSync } from 'node:fs'
import koffi from 'koffi'
import { fail } from '../base/errors.ts'

/** flock(2), linux/fcntl.h and asm-generic/errno-base.h. */
const LOCK_EX = 2
const LOCK_NB = 4
const EAGAIN = 11

let flock: ((fd: number, operation: number) => number) | undefined

/**
 * Takes the exclusive lock of an open file without waiting; false: someone else has it. The lock ends when the file is
 * closed or its process ends. Node opens files with O_CLOEXEC, so no child inherits it.
 */
export function tryExclusive(fd: number): boolean {
  flock ??= koffi.load('libc.so.6').func('int flock(int fd, int operation)')
  if (flock(fd, LOCK_EX | LOCK_NB) === 0) return true
  const errno = koffi.errno()
  if (errno === EAGAIN) return false
  return fail('internal.bug', `flock(2) failed with errno ${errno}.`)
}

/** Does someone hold the lock of this file? */
export function isHeld(file: string): boolean {
  if (!existsSync(file)) return false
  const fd = openSync(file, constants.O_RDWR | constants.O_NOFOLLOW)
  try {
    return !tryExclusive(fd)
  } finally {
    closeSync(fd)
  }
}

/** fcntl(2), asm-generic/fcntl.h. */
const F_SETFD = 2

/**
 * Programs started from now on inherit the open file, and so its lock, until they end. They must be of those that close
 * what they inherit when they start others, as Python does and Node does not.
 */
export function keepOpenInChildren(fd: number): void {
  const fcntl = koffi.load('libc.so.6').func('int fcntl(int fd, int command, ...)')
  if (fcntl(fd, F_SETFD, 'int', 0) !== 0) fail('internal.bug', `fcntl(2) failed with errno ${koffi.errno()}.`)
}
