import { join } from 'node:path'
import { parseRecord, type RecordKind } from '../kinds/record-kinds.ts'
import { RecordOutput } from '../outputs/record-output.ts'
import type { RecordContext } from '../record-context.ts'
import { Tail } from './tail.ts'

/**
 * Follows a file of records that another program writes (commits, alerts), for syslog and for whoever listens here.
 * What was written before this program's first start is passed over.
 */
export class LineFollower {
  /** Lines that are no records of a version known here. */
  private unreadableLines = 0
  private readonly tail: Tail
  private readonly output: RecordOutput
  private readonly kind: RecordKind
  private readonly toSyslog: boolean

  /** `toSyslog` false: the writer has told syslog itself. */
  constructor(context: RecordContext, kind: RecordKind, path: string, toSyslog: boolean) {
    this.kind = kind
    this.toSyslog = toSyslog
    this.tail = new Tail({ path, bookmark: join(context.paths.telemetryFolder, `${kind}.place`), maxLine: 65536 })
    this.output = new RecordOutput(undefined, context.systemLog, context.bus)
  }

  get trouble(): string | undefined {
    return this.tail.trouble
  }

  /** Lines that were too long or no records. */
  get unreadable(): number {
    return this.unreadableLines + this.tail.counts.overlong
  }

  step(): void {
    this.tail.poll((line) => {
      const record = parseRecord(this.kind, line)
      if (record === undefined) this.unreadableLines++
      else this.output.emit([record], this.toSyslog)
    })
    this.tail.save(this.tail.place())
  }

  close(): void {
    this.tail.close()
  }
}
