import { closeSync, ftruncateSync, readFileSync } from 'node:fs'
import koffi from 'koffi'
import { fail } from '../base/errors.ts'

/** linux/memfd.h and linux/fcntl.h. */
const MFD_CLOEXEC = 1
const MFD_ALLOW_SEALING = 2
const F_ADD_SEALS = 1033
const F_SEAL_SHRINK = 2
const F_SEAL_GROW = 4

interface Calls {
  readonly memfdCreate: (name: string, flags: number) => number
  readonly fcntl: (fd: number, operation: number, type: 'int', argument: number) => number
}

let calls: Calls | undefined

function systemCalls(): Calls {
  const libc = koffi.load('libc.so.6')
  return {
    memfdCreate: libc.func('int memfd_create(const char *name, unsigned int flags)'),
    fcntl: libc.func('int fcntl(int fd, int operation, ...)'),
  }
}

/**
 * Opens a file in memory that never has more than `maxBytes` octets, whoever writes to it: needs no room on a disk, and
 * takes none that is not written. Throws ClawgressError `internal.bug` where the kernel refuses.
 */
export function openSealedMemory(name: string, maxBytes: number): number {
  calls ??= systemCalls()
  const fd = calls.memfdCreate(name, MFD_CLOEXEC | MFD_ALLOW_SEALING)
  if (fd < 0) fail('internal.bug', `memfd_create(2) failed with errno ${koffi.errno()}.`)
  try {
    ftruncateSync(fd, maxBytes)
    if (calls.fcntl(fd, F_ADD_SEALS, 'int', F_SEAL_SHRINK | F_SEAL_GROW) !== 0)
      fail('internal.bug', `fcntl(2) could not seal memory: errno ${koffi.errno()}.`)
    return fd
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

/** Octets that were written to an open file by those who share it (proc(5), `pos` of fdinfo). */
export function writtenTo(fd: number): number {
  const position = /^pos:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1]
  return Number(position ?? 0)
}
