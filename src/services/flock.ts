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
