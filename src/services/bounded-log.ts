import {
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
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
  private size: number
  private last: string[] = []
  private partial = ''

  /** Opens for appending, without following a link at the end of the path. `group`, a numeric id, may read it. */
  constructor(path: string, group?: number) {
    this.path = path
    this.group = group
    this.fd = openForAppending(path, group)
    this.size = fstatSync(this.fd).size
  }

  /** Never throws: a full disk must not end a program that enforces. */
  write(chunk: Buffer): void {
    this.remember(chunk.toString('utf8'))
    try {
      if (this.size + chunk.length > MAX_SIZE) this.rotate()
      this.size += writeSync(this.fd, chunk)
    } catch {
      // The last lines are still known, and shown when the unit does not start.
    }
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

  private rotate(): void {
    renameSync(this.path, `${this.path}.1`)
    const fd = openForAppending(this.path, this.group)
    closeSync(this.fd)
    this.fd = fd
    this.size = 0
  }
}

/**
 * File descriptor for appending to a file of our own. What another user planted under its name, in a folder that is not
 * ours alone, is removed: a link would redirect us, a pipe would hold us up, a file of theirs they could rewrite.
 */
export function openForAppending(path: string, group?: number): number {
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants
  try {
    const there = lstatSync(path, { throwIfNoEntry: false })
    if (there !== undefined && (!there.isFile() || there.uid !== process.getuid?.())) rmSync(path, { recursive: true })
    const fd = openSync(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o640)
    if (group !== undefined) fchownSync(fd, -1, group)
    return fd
  } catch (error) {
    return fail('apply.service', `${path} cannot be opened for writing: ${(error as Error).message}.`)
  }
}
