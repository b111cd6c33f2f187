import { join } from 'node:path'
import { parseRecord, type RecordKind } from '../kinds/record-kinds.ts'
import { RecordOutput } from '../outputs/record-output.ts'
import type { RecordContext } from '../record-context.ts'
import { Tail } from './tail.ts'

/** Follows a file of records that another program writes (commits, alerts), for syslog and for whoever listens here. */
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

  get troubles(): readonly string[] {
    return this.tail.troubles
  }

  /** Lines that were too long or no records, and files that are gone. */
  get unreadable(): number {
    const { overlong, gaps } = this.tail.counts
    return this.unreadableLines + overlong + gaps
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
