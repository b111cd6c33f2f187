import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import type { Limits } from '../limits.ts'
import type { Book } from './book.ts'
import { applyLine, bindingLine } from './journal-line.ts'

/** Read at a time, so that the journal is never in memory as a whole beside the book. */
const PART_BYTES = 64 << 10

/** What reading a journal found. */
export interface JournalState {
  readonly lines: number
  /** Lines that could not be understood, a torn last one left out. */
  readonly damaged: number
}

/**
 * The book on tmpfs, as lines that are appended before the kernel is told, so that a pinner that was killed still
 * knows on restart which names hold which addresses. Same lifetime as the kernel's sets.
 */
export class Journal {
  private readonly path: string
  private readonly limits: Limits
  private file: number
  private bytes: number
  private floor = 0

  private constructor(path: string, limits: Limits) {
    this.path = path
    this.limits = limits
    this.file = openSync(path, 'a', 0o640)
    this.bytes = fstatSync(this.file).size
  }

  /** Reads the journal into the book and opens it for appending. A torn last line is cut off. */
  static open(path: string, book: Book, limits: Limits): { journal: Journal; state: JournalState } {
    let lines = 0
    let damaged = 0
    const whole = readLines(path, (line) => {
      if (line === '') return
      lines++
      if (!applyLine(book, line)) damaged++
    })
    const journal = new Journal(path, limits)
    if (journal.bytes > whole) journal.truncate(whole)
    journal.floor = whole
    return { journal, state: { lines, damaged } }
  }

  get size(): number {
    return this.bytes
  }

  /** Appends whole lines; what was written of them is taken back where writing fails. Throws the system's error. */
  append(lines: string): void {
    if (lines === '') return
    const data = Buffer.from(lines, 'latin1')
    try {
      for (let done = 0; done < data.length; ) done += writeSync(this.file, data, done)
    } catch (error) {
      this.truncate(this.bytes)
      throw error
    }
    this.bytes += data.length
  }

  /** Writes the book anew where the journal has become much longer than it. */
  compactIfLong(book: Book): void {
    if (this.bytes < this.limits.journalBytes || this.bytes < 2 * this.floor) return
    this.rewrite(book)
  }

  rewrite(book: Book): void {
    const path = `${this.path}.new`
    rmSync(path, { force: true })
    const file = openSync(path, 'a', 0o640)
    let bytes = 0
    try {
      let part = ''
      const flush = () => {
        const data = Buffer.from(part, 'latin1')
        for (let done = 0; done < data.length; ) done += writeSync(file, data, done)
        bytes += data.length
        part = ''
      }
      for (const binding of book.all()) {
        part += bindingLine(binding)
        if (part.length > 1 << 16) flush()
      }
      flush()
      renameSync(path, this.path)
    } catch (error) {
      closeSync(file)
      throw error
    }
    closeSync(this.file)
    this.file = file
    this.bytes = bytes
    this.floor = bytes
  }

  close(): void {
    closeSync(this.file)
  }

  private truncate(bytes: number): void {
    ftruncateSync(this.file, bytes)
    this.bytes = bytes
  }
}

/** Hands out each whole line without its end; returns their octets. Nothing where there is no file. */
function readLines(path: string, take: (line: string) => void): number {
  if (!existsSync(path)) return 0
  const file = openSync(path, 'r')
  const part = Buffer.allocUnsafe(PART_BYTES)
  let whole = 0
  let begun = ''
  try {
    for (;;) {
      const size = readSync(file, part, 0, part.length, null)
      if (size === 0) return whole
      const lines = (begun + part.toString('latin1', 0, size)).split('\n')
      begun = lines.pop()!
      for (const line of lines) {
        whole += line.length + 1
        take(line)
      }
    }
  } finally {
    closeSync(file)
  }
}
