import type { AnyRecord } from '../kinds/record-kinds.ts'
import type { Journal } from './journal.ts'
import { loggerCommand, Syslog } from './syslog.ts'

/** The command that reads lines for syslog. */
export type SyslogCommand = (facility: string) => readonly string[]

/** The machine's own log: journald with fields where it runs, else syslog, with lines of JSON. */
export class SystemLog {
  private readonly journal: Journal | undefined
  private readonly command: SyslogCommand
  private readonly syslog: Syslog
  private facility = 'local7'

  constructor(journal: Journal | undefined, command: SyslogCommand = loggerCommand) {
    this.journal = journal
    this.command = command
    this.syslog = new Syslog(command(this.facility))
  }

  /** Records that were not taken. */
  get dropped(): number {
    return this.syslog.dropped
  }

  use(facility: string): void {
    this.facility = facility
    this.syslog.use(this.command(facility))
  }

  /** `lines` are the records as they are printed. */
  send(records: readonly AnyRecord[], lines: readonly string[]): void {
    const taken = this.journal?.send(records, lines, this.facility) ?? 0
    this.syslog.send(taken === 0 ? lines : lines.slice(taken))
  }

  close(): void {
    this.journal?.close()
    this.syslog.close()
  }
}
