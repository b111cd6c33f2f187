import koffi from 'koffi'

const libc = koffi.load('libc.so.6')

/**
 * The system calls that Node has no API for. Each returns -1 on failure; read `errno()` at once after it.
 * Results are declared `long` because koffi has no ssize_t.
 */
export const calls = {
  socket: libc.func('int socket(int domain, int type, int protocol)') as Call,
  bind: libc.func('int bind(int fd, const void *address, uint32 length)') as Call,
  send: libc.func('long send(int fd, const void *data, size_t length, int flags)') as Call,
  sendto: libc.func(
    'long sendto(int fd, const void *data, size_t length, int flags, const void *address, uint32 addressLength)',
  ) as Call,
  recv: libc.func('long recv(int fd, void *data, size_t length, int flags)') as Call,
  setsockopt: libc.func('int setsockopt(int fd, int level, int option, const void *value, uint32 length)') as Call,
  close: libc.func('int close(int fd)') as Call,
}

type Call = (...parameters: (number | Uint8Array)[]) => number

/** errno of the last call on this thread. */
export const errno = (): number => koffi.errno()

/** Linux errno values that callers distinguish (asm-generic/errno.h). */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EAGAIN: 11,
  EEXIST: 17,
  EINVAL: 22,
  ENFILE: 23,
  ENOBUFS: 105,
} as const

const NAMES = new Map(Object.entries(koffi.os.errno).map(([name, value]) => [value, name]))

/** `ENOENT` for 2; `errno 2` where the name is not known. */
export const errnoName = (value: number): string => NAMES.get(value) ?? `errno ${value}`

/** A C int in host order, as setsockopt takes it. */
export function intValue(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}
