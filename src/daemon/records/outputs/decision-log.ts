import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'

export interface DecisionLogOptions {
  /** Octets of one file; it is then renamed to `.1`, `.1` to `.2`, and so on. */
  readonly maxBytes?: number
  /** Files kept beside the present one. */
  readonly keep?: number
}

/**
 * The decision log: appended to, bounded in size, and reopened where another program (logrotate) took it away. A full
 * disk loses records, whole ones, and they are counted; writing goes on as soon as there is room.
 */
export class DecisionLog {
  /** Records that could not be written. */
  lost = 0
  /** Lines that an earlier writer was killed in the middle of. */
  torn = 0
  /** The last failure, in words, until a write succeeds. */
  trouble: string | undefined
  private readonly path: string
  private readonly maxBytes: number
  private readonly keep: number
  private fd: number | undefined
  private inode = 0
  private size = 0

  constructor(path: string, { maxBytes = 64 << 20, keep = 4 }: DecisionLogOptions = {}) {
    this.path = path
    this.maxBytes = maxBytes
    this.keep = keep
  }

  /** Writes whole lines (without line ends), all or none of them; false: none. Never throws. */
  write(lines: readonly string[]): boolean {
    if (lines.length === 0) return true
    const data = Buffer.from(`${lines.join('\n')}\n`, 'latin1')
    let isWritten = false
    try {
      this.open()
      this.append(data)
      isWritten = true
      this.trouble = undefined
      if (this.size >= this.maxBytes) this.rotate()
    } catch (error) {
      if (!isWritten) this.lost += lines.length
      this.trouble = (error as NodeJS.ErrnoException).code ?? String(error)
    }
    return isWritten
  }

  close(): void {
    if (this.fd !== undefined) closeSync(this.fd)
    this.fd = undefined
  }

  private append(data: Buffer): void {
    try {
      for (let written = 0; written < data.length; ) written += writeSync(this.fd!, data, written)
      this.size += data.length
    } catch (error) {
      // A short write before ENOSPC leaves half a record, which would spoil the next one.
      ftruncateSync(this.fd!, this.size)
      throw error
    }
  }

  private open(): void {
    if (this.fd !== undefined) {
      if (statSync(this.path, { throwIfNoEntry: false })?.ino === this.inode) return
      this.close()
    }
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o750 })
    this.fd = openSync(this.path, 'a+', 0o640)
    const { ino, size } = fstatSync(this.fd)
    this.inode = ino
    this.size = size
    try {
      this.endTornLine()
    } catch (error) {
      // Opened, and looked at, again with the next record.
      this.close()
      throw error
    }
  }

  /** Half a line would swallow the next one. */
  private endTornLine(): void {
    const last = Buffer.alloc(1)
    if (this.size === 0 || readSync(this.fd!, last, 0, 1, this.size - 1) === 0 || last[0] === 10) return
    this.append(Buffer.from('\n'))
    this.torn++
  }

  private rotate(): void {
    this.close()
    for (let i = this.keep - 1; i >= 1; i--) renameIfPresent(`${this.path}.${i}`, `${this.path}.${i + 1}`)
    renameIfPresent(this.path, `${this.path}.1`)
  }
}

function renameIfPresent(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
