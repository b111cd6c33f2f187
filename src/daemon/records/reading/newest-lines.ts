import { type FileHandle, open } from 'node:fs/promises'

/** Octets read at a time: reading them as records takes a few milliseconds at most. */
const CHUNK = 1 << 16
/** Octets; what is longer is no line of ours. */
const MAX_LINE = 1 << 16

/** Octets that may still be read, by all readers that share it; less than nothing where the last portion was larger. */
export interface ReadingBudget {
  left: number
}

/** A place in a log or one of its older files, which survives their renaming: what stands before it is yet to be read. */
export interface LogPlace {
  readonly inode: number
  /** Birth time in milliseconds (0 where the filesystem has none): inode numbers are used again. */
  readonly born: number
  /** Octets. */
  readonly offset: number
}

/**
 * Lines of a log and its older files, newest first, from the end or a place on. They are read in portions of a few
 * hundred, between which the rest of the program runs. To be closed.
 */
export class NewestLines {
  private readonly path: string
  private readonly budget: ReadingBudget
  private readonly seen = new Set<string>()
  private from: LogPlace | undefined
  private number = 0
  private file: { readonly handle: FileHandle; readonly inode: number; readonly born: number } | undefined
  /** Octets of the file before those that were read. */
  private start = 0
  /** What follows the first line end that was seen last: the end of a line that begins further in front. */
  private rest: Buffer = Buffer.alloc(0)
  private isOverlong = false
  private lines: readonly string[] = []
  private index = 0
  private isDone = false
  private here: LogPlace | undefined

  constructor(path: string, budget: ReadingBudget, from?: LogPlace) {
    this.path = path
    this.budget = budget
    this.from = from
  }

  /** The next line, each octet as one character; undefined: there is none, or `fill` has to be called first. */
  get line(): string | undefined {
    return this.lines[this.index]
  }

  /** Every line of every file has been taken. */
  get isEnded(): boolean {
    return this.isDone
  }

  /** Where the next line ends, for another reading; undefined before the first `fill`. */
  get place(): LogPlace | undefined {
    return this.here
  }

  /** Takes the line. */
  advance(): void {
    const { length } = this.lines[this.index++]!
    this.moveTo(this.here!.offset - length - 1)
  }

  /**
   * Reads one portion where there is no line; there may be none after that where the budget ended within an overlong
   * line. Rejects with the reason of `signal` once it aborts.
   */
  async fill(signal?: AbortSignal): Promise<void> {
    while (this.line === undefined && !this.isDone) {
      signal?.throwIfAborted()
      if (this.file === undefined) this.isDone = !(await this.openOlder())
      else if (this.start === 0) await this.close()
      else {
        await this.readPortion(this.file.handle)
        if (this.isOverlong && this.budget.left <= 0) return
      }
    }
  }

  async close(): Promise<void> {
    const { file } = this
    this.file = undefined
    await file?.handle.close()
  }

  private async readPortion(handle: FileHandle): Promise<void> {
    const start = Math.max(0, this.start - CHUNK)
    const chunk = Buffer.allocUnsafe(this.start - start)
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, start)
    this.budget.left -= bytesRead
    this.start = start
    // Cut short meanwhile.
    if (bytesRead < chunk.length) {
      this.start = 0
      return
    }
    const data = this.rest.length === 0 ? chunk : Buffer.concat([chunk, this.rest])
    const first = start === 0 ? -1 : data.indexOf(10)
    if (first < 0 && start > 0) {
      this.isOverlong ||= data.length > MAX_LINE
      this.rest = this.isOverlong ? Buffer.alloc(0) : data
      if (this.isOverlong) this.moveTo(start)
      return
    }
    const lines = data.toString('latin1', first + 1).split('\n')
    this.moveTo(start + data.length)
    // The end of this line was let go.
    if (this.isOverlong) this.moveTo(this.here!.offset - lines.pop()!.length - 1)
    this.isOverlong = false
    this.rest = data.subarray(0, Math.max(0, first))
    this.lines = lines.reverse()
    this.index = 0
  }

  /** False: there is none. */
  private async openOlder(): Promise<boolean> {
    for (;;) {
      const handle = await openFile(this.number === 0 ? this.path : `${this.path}.${this.number}`)
      const isNewest = this.number++ === 0
      // The newest one is missing between its renaming and the next record.
      if (handle === undefined && isNewest) continue
      if (handle === undefined) return false
      const { ino: inode, birthtimeMs: born, size } = await handle.stat()
      const { from } = this
      const isWanted = from === undefined || (from.inode === inode && from.born === born)
      // Renamed while it was read.
      if (this.seen.has(`${inode} ${born}`) || !isWanted) {
        this.seen.add(`${inode} ${born}`)
        await handle.close()
        continue
      }
      this.seen.add(`${inode} ${born}`)
      this.from = undefined
      this.file = { handle, inode, born }
      this.start = Math.min(size, from?.offset ?? size)
      this.rest = Buffer.alloc(0)
      this.isOverlong = false
      this.moveTo(this.start)
      return true
    }
  }

  private moveTo(offset: number): void {
    const { inode, born } = this.file ?? this.here!
    this.here = { inode, born, offset: Math.max(0, offset) }
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
