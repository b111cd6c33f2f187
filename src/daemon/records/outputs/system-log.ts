import { existsSync } from 'node:fs'
import type { AnyRecord } from '../kinds/record-kinds.ts'
import { JOURNAL_SOCKET, type Journal } from './journal.ts'
import { loggerCommand, SYSLOG_SOCKET, Syslog } from './syslog.ts'

/** The command that reads lines for syslog. */
export type SyslogCommand = (facility: string) => readonly string[]

/** Milliseconds between looks whether the machine has a log by now. */
const LOOK_EVERY = 1_000

/** The machine's own log: journald with fields where it runs, else syslog, with lines of JSON. */
export class SystemLog {
  private readonly journal: Journal | undefined
  private readonly command: SyslogCommand
  private readonly sockets: readonly string[]
  private readonly syslog: Syslog
  private facility = 'local7'
  private isSeen = false
  private lookedAt = Number.NEGATIVE_INFINITY

  /** `sockets`: a machine on which none of them was ever seen has no log, and misses no records in it. */
  constructor(
    journal: Journal | undefined,
    command: SyslogCommand = loggerCommand,
    sockets: readonly string[] = journal === undefined ? [] : [JOURNAL_SOCKET, SYSLOG_SOCKET],
  ) {
    this.journal = journal
    this.command = command
    this.sockets = sockets
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
    if (!this.isThere()) return
    const taken = this.journal?.send(records, lines, this.facility) ?? 0
    this.syslog.send(taken === 0 ? lines : lines.slice(taken))
  }

  /** Has this machine a log? It is looked for now and then, until it was seen. */
  isThere(): boolean {
    return this.isSeen || this.look()
  }

  /** Resolves to true as soon as what was sent last is taken, or counted as dropped; to false after so many milliseconds. */
  settled(patience: number): Promise<boolean> {
    return this.syslog.settled(patience)
  }

  close(): void {
    this.journal?.close()
    this.syslog.close()
  }

  private look(): boolean {
    const now = performance.now()
    if (now - this.lookedAt < LOOK_EVERY) return false
    this.lookedAt = now
    this.isSeen = this.sockets.length === 0 || this.sockets.some((path) => existsSync(path))
    return this.isSeen
  }
}
