import { closeSync, constants, existsSync, openSync, readdirSync } from 'node:fs'
import koffi from 'koffi'
import { fail } from '../base/errors.ts'

/** fcntl(2), linux/fcntl.h and asm-generic/fcntl.h: locks of open file descriptions, of 64-bit machines. */
const F_OFD_GETLK = 36
const F_OFD_SETLK = 37
const F_SETFD = 2
const FD_CLOEXEC = 1
const F_WRLCK = 1
const F_UNLCK = 2
const EBADF = 9
const EAGAIN = 11
/** `struct flock`: type and whence of 2 octets each, padding, start and length of 8 each, a process id, padding. */
const FLOCK_OCTETS = 32

let fcntl: ((fd: number, command: number, ...more: (number | string | Buffer)[]) => number) | undefined

/** Calls fcntl(2). Returns 0, or the errno. */
function call(fd: number, command: number, kind: 'int' | 'void *', value: number | Buffer): number {
  fcntl ??= koffi.load('libc.so.6').func('int fcntl(int fd, int command, ...)')
  return fcntl(fd, command, kind, value) === -1 ? koffi.errno() : 0
}

/** An exclusive lock on the whole file. */
function wholeFile(): Buffer {
  const lock = Buffer.alloc(FLOCK_OCTETS)
  lock.writeInt16LE(F_WRLCK, 0)
  return lock
}

const failed = (errno: number): never => fail('internal.bug', `fcntl(2) failed with errno ${errno}.`)

/**
 * Takes the exclusive lock of a file that is open for writing, without waiting; false: someone else has it. The lock ends
 * when the file is closed or its process ends. Node opens files with O_CLOEXEC, so no child inherits it.
 */
export function tryExclusive(fd: number): boolean {
  const errno = call(fd, F_OFD_SETLK, 'void *', wholeFile())
  return errno === 0 || (errno !== EAGAIN && failed(errno))
}

/** Does someone hold the lock of this file? Looks without taking it, so that nobody is refused for the look. */
export function isHeld(file: string): boolean {
  if (!existsSync(file)) return false
  const fd = openSync(file, constants.O_RDWR | constants.O_NOFOLLOW)
  try {
    const lock = wholeFile()
    const errno = call(fd, F_OFD_GETLK, 'void *', lock)
    return errno === 0 ? lock.readInt16LE(0) !== F_UNLCK : failed(errno)
  } finally {
    closeSync(fd)
  }
}

/**
 * Programs started from now on inherit the open file, and so its lock, until they end. They must be of those that hand
 * nothing of it on, as Python does, and what calls `keepInherited`.
 */
export function keepOpenInChildren(fd: number): void {
  const errno = call(fd, F_SETFD, 'int', 0)
  if (errno !== 0) failed(errno)
}

/** What this process has inherited beside its standard streams ends with it: nothing that it starts inherits that. */
export function keepInherited(): void {
  for (const fd of readdirSync('/proc/self/fd')
    .map(Number)
    .filter((each) => each > 2)) {
    const errno = call(fd, F_SETFD, 'int', FD_CLOEXEC)
    // That of the listed folder itself is closed by now.
    if (errno !== 0 && errno !== EBADF) failed(errno)
  }
}
