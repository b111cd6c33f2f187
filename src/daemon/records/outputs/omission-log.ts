import { type OmissionRecord, summed } from '../kinds/omission-record.ts'
import { printRecord } from '../kinds/record.ts'
import { DecisionLog } from './decision-log.ts'

/** Octets of a file: there are two of them. */
const MAX_BYTES = 1 << 20

/**
 * The file of what the records lack. A full disk is what much of it is about, so what it does not take waits, in sum,
 * until it does.
 */
export class OmissionLog {
  private readonly log: DecisionLog
  private waiting: readonly OmissionRecord[] = []

  constructor(path: string) {
    this.log = new DecisionLog(path, { maxBytes: MAX_BYTES, keep: 1 })
  }

  /** Writes these, and what waits; to be called again and again, also with none. Never throws. */
  write(records: readonly OmissionRecord[]): void {
    this.waiting = summed([...this.waiting, ...records])
    if (this.log.write(this.waiting.map(printRecord))) this.waiting = []
  }

  /** Something waits that the file does not have. */
  get isBehind(): boolean {
    return this.waiting.length > 0
  }

  /** Why it cannot be written, until it can. */
  get trouble(): string | undefined {
    return this.log.trouble && `what the records lack cannot be written down: ${this.log.trouble}`
  }

  close(): void {
    this.log.close()
  }
}
