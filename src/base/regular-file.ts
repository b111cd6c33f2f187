import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

/** What stands in a file, or why it cannot be taken: the end of a sentence that begins with its name. */
export type FileContent = { readonly bytes: Buffer } | { readonly fault: string }

/**
 * Reads a file that somebody else may have put there: no longer than `maxBytes` octets, and never waiting, as a pipe or
 * a terminal in its place would make us. Links are followed.
 */
export function readRegularFile(file: string, maxBytes: number): FileContent {
  let fd: number
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  } catch (error) {
    return { fault: faultOf(error) }
  }
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) return { fault: 'is not a regular file' }
    // One octet more shows a file that grows meanwhile, and those below /proc, whose size is 0.
    const buffer = Buffer.allocUnsafe(Math.min(stat.size, maxBytes) + 1)
    let length = 0
    while (length < buffer.length) {
      const got = readSync(fd, buffer, length, buffer.length - length, length)
      if (got === 0) return { bytes: buffer.subarray(0, length) }
      length += got
    }
    return { fault: stat.size >= maxBytes ? `is longer than ${maxBytes} bytes` : 'is being written to' }
  } catch (error) {
    return { fault: faultOf(error) }
  } finally {
    closeSync(fd)
  }
}

function faultOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException
  if (code === undefined) throw error
  return code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`
}
