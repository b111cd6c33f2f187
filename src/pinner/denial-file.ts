import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { formatAddress } from '../base/address.ts'
import type { ReasonCode } from '../base/reasons.ts'
import type { Limits } from './limits.ts'
import type { Counters } from './metrics.ts'

export interface PinnerDenial {
  readonly group: string
  readonly name: string
  readonly type: string
  readonly reason: ReasonCode
  readonly target?: string
  readonly address?: Uint8Array
}

/**
 * What the pinner refused and RPZ did not, as JSON lines for the daemon: `{t, group, name, type, reason, target?,
 * address?}`, `t` in milliseconds since the epoch. Bounded: the file is turned over to `.1` when it is long, and
 * records past the rate are counted only. Trouble with the file never reaches the answers.
 */
export class DenialFile {
  private readonly path: string
  private readonly limits: Limits
  private readonly counters: Counters
  private file: number | undefined
  private bytes = 0
  private second = 0
  private inSecond = 0
  private pending = ''

  constructor(path: string, limits: Limits, counters: Counters) {
    this.path = path
    this.limits = limits
    this.counters = counters
  }

  write(denial: PinnerDenial): void {
    const t = Date.now()
    const second = Math.floor(t / 1000)
    if (second !== this.second) {
      this.second = second
      this.inSecond = 0
    }
    if (++this.inSecond > this.limits.denialsPerSecond) {
      this.counters.denialsDropped++
      return
    }
    const { address, ...rest } = denial
    if (this.pending === '') setImmediate(() => this.flush())
    this.pending += `${JSON.stringify({ t, ...rest, ...(address === undefined ? {} : { address: formatAddress(address) }) })}\n`
    this.counters.denialsWritten++
  }

  flush(): void {
    const data = Buffer.from(this.pending, 'latin1')
    this.pending = ''
    if (data.length === 0) return
    try {
      this.file ??= this.open()
      for (let done = 0; done < data.length; ) done += writeSync(this.file, data, done)
      this.bytes += data.length
      if (this.bytes > this.limits.denialBytes) this.turnOver()
    } catch {
      this.counters.denialsDropped++
    }
  }

  close(): void {
    this.flush()
    if (this.file !== undefined) closeSync(this.file)
    this.file = undefined
  }

  private open(): number {
    mkdirSync(dirname(this.path), { recursive: true })
    const file = openSync(this.path, 'a', 0o640)
    this.bytes = fstatSync(file).size
    return file
  }

  private turnOver(): void {
    closeSync(this.file!)
    this.file = undefined
    renameSync(this.path, `${this.path}.1`)
  }
}
