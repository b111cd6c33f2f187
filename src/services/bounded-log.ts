import { randomUUID } from 'node:crypto'
import {
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  type Stats,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { fail } from '../base/errors.ts'

/** Octets of a log file before it becomes `<path>.1`; so twice that is the most a unit's output takes. */
const MAX_SIZE = 4 * 2 ** 20
const LAST_LINES = 4
const LAST_LINE_LENGTH = 400

/** Output of one unit's processes: a file of bounded size, and the last lines for error messages. */
export class BoundedLog {
  private readonly path: string
  private readonly group: number | undefined
  private fd: number
  private last: string[] = []
  private partial = ''

  /** Opens for appending, without following a link at the end of the path. `group`, a numeric id, may read it. */
  constructor(path: string, group?: number) {
    this.path = path
    this.group = group
    this.fd = openForAppending(path, group)
  }

  /**
   * Never throws: a full disk must not end a program that enforces. Adds the whole chunk or nothing; false: nothing, and
   * the last lines are still known, and shown when the unit does not start.
   */
  write(chunk: Buffer): boolean {
    this.remember(chunk.toString('utf8'))
    try {
      if (!this.isInPlace()) this.reopen()
      // Other processes have appended since, as one commit after another does.
      if (fstatSync(this.fd).size + chunk.length > MAX_SIZE) this.rotate()
      this.append(chunk)
      return true
    } catch {
      return false
    }
  }

  /** A line of its own: one that a killed program left unfinished before it is ended first. As `write` otherwise. */
  writeLine(line: string): boolean {
    return this.write(Buffer.from(`${isUnfinished(this.path) ? '\n' : ''}${line}\n`))
  }

  /** The last few lines that were written, the newest last; control characters replaced. */
  lastWords(): string {
    const lines = this.partial === '' ? this.last : [...this.last, this.partial]
    return lines
      .slice(-LAST_LINES)
      .join('\n')
      .replace(/[^\P{C}\n]/gu, '?')
  }

  forget(): void {
    this.last = []
    this.partial = ''
  }

  close(): void {
    closeSync(this.fd)
  }

  private remember(text: string): void {
    const lines = (this.partial + text).split('\n')
    this.partial = (lines.pop() ?? '').slice(0, LAST_LINE_LENGTH)
    const whole = lines.filter((line) => line.trim() !== '').map((line) => line.slice(0, LAST_LINE_LENGTH))
    this.last = [...this.last, ...whole].slice(-LAST_LINES)
  }

  private append(chunk: Buffer): void {
    const { size } = fstatSync(this.fd)
    try {
      for (let written = 0; written < chunk.length; ) written += writeSync(this.fd, chunk, written)
    } catch (error) {
      // A short write before ENOSPC would leave half a record, which spoils the next one.
      ftruncateSync(this.fd, size)
      throw error
    }
  }

  /** Not after someone removed it or put it aside, nor after we did so and could not make another one. */
  private isInPlace(): boolean {
    return lstatSync(this.path, { throwIfNoEntry: false })?.ino === fstatSync(this.fd).ino
  }

  private rotate(): void {
    const old = `${this.path}.1`
    if (lstatSync(old, { throwIfNoEntry: false })?.isDirectory()) putAside(old)
    renameSync(this.path, old)
    this.reopen()
  }

  private reopen(): void {
    const fd = openForAppending(this.path, this.group)
    closeSync(this.fd)
    this.fd = fd
  }
}

/**
 * File descriptor for appending to a file of our own. What another user planted under its name, in a folder that is not
 * ours alone, is removed: a link would redirect us, a pipe would hold us up, a file of theirs they could rewrite. A
 * folder is put aside: who owns it could lead us elsewhere while we remove what is in it.
 */
export function openForAppending(path: string, group?: number): number {
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = constants
  try {
    const there = lstatSync(path, { throwIfNoEntry: false })
    if (there?.isDirectory()) putAside(path)
    else if (there !== undefined && !isOurs(there)) unlinkSync(path)
    const fd = openSync(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK, 0o640)
    // Planted since we looked.
    if (!isOurs(fstatSync(fd))) {
      closeSync(fd)
      throw new Error('another user replaces it')
    }
    if (group !== undefined) fchownSync(fd, -1, group)
    return fd
  } catch (error) {
    return fail('apply.service', `${path} cannot be opened for writing: ${(error as Error).message}.`)
  }
}

const isOurs = (file: Stats): boolean => file.isFile() && file.uid === process.getuid?.()

const putAside = (folder: string): void => renameSync(folder, `${folder}.${randomUUID()}`)

/** Has the file content after its last line end? */
function isUnfinished(path: string): boolean {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW)
    try {
      const { size } = fstatSync(fd)
      const last = Buffer.alloc(1)
      return size > 0 && readSync(fd, last, 0, 1, size - 1) === 1 && last[0] !== 10
    } finally {
      closeSync(fd)
    }
  } catch {
    // An empty line more does no harm, half a record before this one does.
    return true
  }
}
