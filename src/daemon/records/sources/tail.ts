import { execFile } from 'node:child_process'
import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type FileIdentity, isThe, type OpenFile, openNext } from './turned-files.ts'

/** A place in a file that survives renaming. */
interface Bookmark extends FileIdentity {
  /** Octets; everything before has been handed over in whole lines. */
  readonly offset: number
}

export interface TailOptions {
  readonly path: string
  /** File that remembers the place; it must not outlive the followed file's filesystem. */
  readonly bookmark: string
  /** Give back the space of what has been read (holes, fallocate(1)), for a file that nobody rotates. */
  readonly punch?: boolean
  /** Octets; longer lines are passed over and counted. */
  readonly maxLine?: number
}

export interface TailCounts {
  lines: number
  overlong: number
  /** Files that were replaced or cut short under us. */
  rotations: number
  /** Times that files may have been turned over and removed before they were read. */
  gaps: number
}

const CHUNK = 1 << 20
const CHUNKS_A_POLL = 8
const PUNCH_EVERY = 4 << 20

/**
 * Follows a growing log: over renaming (the old file is read to its end first), truncation, absence, and restarts of
 * this program. Polled; never blocks for longer than a few chunks take.
 */
export class Tail {
  readonly counts: TailCounts = { lines: 0, overlong: 0, rotations: 0, gaps: 0 }
  readonly path: string
  /** Why the place cannot be remembered, in words, until it can. */
  placeTrouble: string | undefined
  /** The same of the log. */
  private readTrouble: string | undefined
  private readonly options: TailOptions
  private readonly maxLine: number
  private readonly chunk = Buffer.allocUnsafe(CHUNK)
  private file: (FileIdentity & { fd: number; offset: number }) | undefined
  private partial: Buffer[] = []
  private partialLength = 0
  private isSkipping = false
  private punched = 0
  private isPunching = false
  private saved = ''
  private isFirstOpen = true

  constructor(options: TailOptions) {
    this.options = options
    this.path = options.path
    this.maxLine = options.maxLine ?? 16384
  }

  /** What is wrong, in words; empty when all is well. */
  get troubles(): readonly string[] {
    return [this.readTrouble, this.placeTrouble].filter((each) => each !== undefined)
  }

  /** Hands over the whole lines that have come. True: there may be more at once. Throws only what `onLine` throws. */
  poll(onLine: (line: string) => void): boolean {
    if (this.file === undefined && this.attempt(() => this.open()) !== true) return false
    for (let i = 0; i < CHUNKS_A_POLL; i++) {
      const file = this.file!
      const length = this.attempt(() => readSync(file.fd, this.chunk, 0, CHUNK, file.offset))
      if (length !== undefined) this.readTrouble = undefined
      if (!length) return this.attempt(() => this.atEnd()) ?? false
      file.offset += length
      this.split(this.chunk.subarray(0, length), onLine)
    }
    return true
  }

  /** Octets not read yet of the file that is being read. */
  backlog(): number {
    return this.file === undefined ? 0 : Math.max(0, fstatSync(this.file.fd).size - this.file.offset)
  }

  /** The present place, for `save`. */
  place(): string {
    if (this.file === undefined) return this.saved
    const { device, inode, born, offset } = this.file
    return JSON.stringify({ device, inode, born, offset: offset - this.partialLength } satisfies Bookmark)
  }

  /** Remembers a place, and gives back the space before the present one. Never throws. */
  save(place: string): void {
    if (place !== this.saved && place !== '' && !this.write(place)) return
    if (this.options.punch === true) this.punch((JSON.parse(place || '{"offset":0}') as Bookmark).offset)
  }

  close(): void {
    if (this.file !== undefined) closeSync(this.file.fd)
    this.file = undefined
  }

  /** What the disk does not give is told, and looked for again with the next poll: undefined. */
  private attempt<Result>(look: () => Result): Result | undefined {
    try {
      return look()
    } catch (error) {
      const { code = String(error) } = error as NodeJS.ErrnoException
      // What is not there, or not any more, is no trouble.
      const isMissing = code === 'ENOENT'
      this.readTrouble = isMissing ? undefined : `${this.path} cannot be read, so there are no records of it: ${code}`
      return undefined
    }
  }

  private write(place: string): boolean {
    try {
      writeFileSync(`${this.options.bookmark}.new`, place)
      renameSync(`${this.options.bookmark}.new`, this.options.bookmark)
      this.saved = place
      this.placeTrouble = undefined
    } catch (error) {
      // Tried again with the next place: after a crash some lines would be told twice, and none is left out.
      const reason = (error as NodeJS.ErrnoException).code ?? String(error)
      this.placeTrouble = `how far ${this.path} was read cannot be kept, so a restart would tell some records twice: ${reason}`
    }
    return this.placeTrouble === undefined
  }

  private open(): boolean {
    const bookmark = this.isFirstOpen ? readBookmark(this.options.bookmark) : undefined
    const renamed = bookmark === undefined ? undefined : this.findRenamed(bookmark)
    const fd = openSync(renamed ?? this.path, 'r')
    this.isFirstOpen = false
    const stat = fstatSync(fd)
    if (bookmark !== undefined && !isThe(bookmark, stat)) {
      closeSync(fd)
      return this.openNext(bookmark)
    }
    this.use({ fd, stat }, bookmark !== undefined && bookmark.offset <= stat.size ? bookmark.offset : 0)
    return true
  }

  /** The file that was begun after this one. False: there is none. */
  private openNext(file: FileIdentity): boolean {
    const found = openNext(this.path, file)
    if (found === undefined) return false
    if (found.isGap) this.counts.gaps++
    this.close()
    this.use(found.next, 0)
    return true
  }

  private use({ fd, stat }: OpenFile, offset: number): void {
    this.file = { fd, device: stat.dev, inode: stat.ino, born: stat.birthtimeMs, offset }
    this.startLine()
    this.punched = 0
  }

  /** The bookmarked file under the name that rotation gave it, while we were away. */
  private findRenamed(bookmark: Bookmark): string | undefined {
    const folder = dirname(this.path)
    try {
      return readdirSync(folder)
        .filter((name) => name.startsWith(`${basename(this.path)}.`))
        .map((name) => join(folder, name))
        .find((path) => {
          const stat = statSync(path, { throwIfNoEntry: false })
          return stat !== undefined && isThe(bookmark, stat)
        })
    } catch {
      // Then it is opened under its own name, or that cannot be done either, and is told.
      return undefined
    }
  }

  private atEnd(): boolean {
    const file = this.file!
    if (fstatSync(file.fd).size < file.offset) {
      this.counts.rotations++
      file.offset = 0
      this.punched = 0
      this.startLine()
      return true
    }
    const current = statSync(this.path, { throwIfNoEntry: false })
    if (current === undefined || isThe(file, current)) return false
    accessSync(this.path, constants.R_OK)
    if (!this.openNext(file)) return false
    this.counts.rotations++
    // What could not be read of the file before is gone with it.
    if (this.readTrouble !== undefined) this.counts.gaps++
    return true
  }

  private split(data: Buffer, onLine: (line: string) => void): void {
    const last = data.lastIndexOf(10)
    if (last < 0) {
      this.keep(data)
      return
    }
    const first = data.indexOf(10)
    const head = data.subarray(0, first)
    if (this.isSkipping) this.isSkipping = false
    else this.emit(this.partialLength === 0 ? head : Buffer.concat([...this.partial, head]), onLine)
    this.forgetPartial()
    if (last > first) for (const line of data.toString('utf8', first + 1, last).split('\n')) this.emitText(line, onLine)
    this.keep(data.subarray(last + 1))
  }

  private emit(line: Buffer, onLine: (line: string) => void): void {
    this.emitText(line.toString('utf8'), onLine)
  }

  private emitText(line: string, onLine: (line: string) => void): void {
    if (line.length > this.maxLine) this.counts.overlong++
    else if (line !== '') {
      this.counts.lines++
      onLine(line)
    }
  }

  private keep(rest: Buffer): void {
    if (rest.length === 0 || this.isSkipping) return
    this.partial.push(Buffer.from(rest))
    this.partialLength += rest.length
    if (this.partialLength <= this.maxLine) return
    this.counts.overlong++
    this.forgetPartial()
    this.isSkipping = true
  }

  private forgetPartial(): void {
    this.partial = []
    this.partialLength = 0
  }

  private startLine(): void {
    this.forgetPartial()
    this.isSkipping = false
  }

  private punch(upTo: number): void {
    const end = upTo - (upTo % 4096)
    if (this.file === undefined || this.isPunching || end - this.punched < PUNCH_EVERY) return
    const there = statSync(this.path, { throwIfNoEntry: false })
    if (there === undefined || !isThe(this.file, there)) return
    this.isPunching = true
    const span = ['--offset', String(this.punched), '--length', String(end - this.punched)]
    execFile('fallocate', ['--punch-hole', ...span, this.path], (error) => {
      this.isPunching = false
      if (error === null) this.punched = end
    })
  }
}

function readBookmark(path: string): Bookmark | undefined {
  try {
    const { device, inode, born, offset } = JSON.parse(readFileSync(path, 'utf8')) as Bookmark
    return [device, inode, born, offset].every(Number.isFinite) && offset >= 0
      ? { device, inode, born, offset }
      : undefined
  } catch {
    return undefined
  }
}
