import { type FileHandle, open } from 'node:fs/promises'

/** Octets read at a time: reading them as records takes a few milliseconds at most. */
const CHUNK = 1 << 16
/** Octets; what is longer is no line of ours. */
const MAX_LINE = 1 << 16

/**
 * Lines of a log and its older files, newest first and a few hundred at a time, until the caller stops or `maxBytes` were
 * read. Between two portions the rest of the program runs. Rejects with the reason of `signal` once it aborts.
 */
export async function* newestLines(
  path: string,
  maxBytes: number,
  signal?: AbortSignal,
): AsyncGenerator<readonly string[]> {
  const seen = new Set<string>()
  let left = maxBytes
  for (let number = 0; left > 0; number++) {
    const file = await openFile(number === 0 ? path : `${path}.${number}`)
    // The newest one is missing between its renaming and the next record.
    if (file === undefined && number === 0) continue
    if (file === undefined) return
    try {
      const { dev, ino, size } = await file.stat()
      // Renamed while it was read.
      if (seen.has(`${dev} ${ino}`)) continue
      seen.add(`${dev} ${ino}`)
      const from = Math.max(0, size - left)
      left -= size - from
      yield* linesBackwards(file, from, size, signal)
    } finally {
      await file.close()
    }
  }
}

async function* linesBackwards(
  file: FileHandle,
  from: number,
  size: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly string[]> {
  // What follows the first line end that was seen last: the end of a line that begins further in front.
  let rest: Buffer = Buffer.alloc(0)
  let isOverlong = false
  for (let end = size; end > from; ) {
    signal?.throwIfAborted()
    const start = Math.max(from, end - CHUNK)
    const chunk = Buffer.allocUnsafe(end - start)
    const { bytesRead } = await file.read(chunk, 0, chunk.length, start)
    // Cut short meanwhile.
    if (bytesRead < chunk.length) return
    end = start
    const data = rest.length === 0 ? chunk : Buffer.concat([chunk, rest])
    const isLast = end === from
    const first = isLast ? -1 : data.indexOf(10)
    if (first < 0 && !isLast) {
      isOverlong ||= data.length > MAX_LINE
      rest = isOverlong ? Buffer.alloc(0) : data
      continue
    }
    const lines = data.toString('utf8', first + 1).split('\n')
    // The end of this line was let go.
    if (isOverlong) lines.pop()
    isOverlong = false
    rest = data.subarray(0, Math.max(0, first))
    yield lines.reverse()
  }
}

async function openFile(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r')
  } catch {
    // Not there yet, or there are no older ones.
    return undefined
  }
}
