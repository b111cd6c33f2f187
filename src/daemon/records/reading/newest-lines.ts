import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const CHUNK = 1 << 18

/** Lines of a log and its older files, newest first, until the caller stops or `maxBytes` were read. */
export function* newestLines(path: string, maxBytes: number): Iterable<string> {
  let left = maxBytes
  for (let number = 0; left > 0; number++) {
    let fd: number
    try {
      fd = openSync(number === 0 ? path : `${path}.${number}`, 'r')
    } catch {
      return
    }
    try {
      const { size } = fstatSync(fd)
      const from = Math.max(0, size - left)
      left -= size - from
      yield* linesBackwards(fd, from, size)
    } finally {
      closeSync(fd)
    }
  }
}

function* linesBackwards(fd: number, from: number, size: number): Iterable<string> {
  let tail = ''
  for (let end = size; end > from; ) {
    const start = Math.max(from, end - CHUNK)
    const chunk = Buffer.alloc(end - start)
    readSync(fd, chunk, 0, chunk.length, start)
    end = start
    const lines = (chunk.toString('latin1') + tail).split('\n')
    // The first line of the chunk may have begun before it.
    tail = end > from ? lines.shift()! : ''
    yield* lines.reverse()
  }
}
