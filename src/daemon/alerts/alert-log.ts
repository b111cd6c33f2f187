import { ALERT_SCHEMA, type AlertRecord } from '../../services/index.ts'
import { printRecord } from '../records/kinds/record.ts'
import { DecisionLog } from '../records/outputs/decision-log.ts'
import { Journal } from '../records/outputs/journal.ts'
import { loggerCommand } from '../records/outputs/syslog.ts'
import { type SyslogCommand, SystemLog } from '../records/outputs/system-log.ts'
import type { Alert } from './alert.ts'

/** Octets of the file; there are two of them. */
const MAX_BYTES = 4 << 20
/** Milliseconds that a test waits for syslog. */
const RECEIPT_MS = 5_000

export interface AlertLosses {
  /** Records that the file did not take. */
  readonly disk: number
  /** Records that syslog did not take. */
  readonly syslog: number
}

/** The record of an alert that began or ended. */
export const alertRecordOf = (alert: Alert, now: number): AlertRecord => ({
  schema: ALERT_SCHEMA,
  time: new Date(now).toISOString(),
  event: alert.event,
  state: alert.state,
  severity: alert.severity,
  message: alert.state === 'firing' ? alert.summary : `Over: ${alert.summary}`,
  next: alert.description,
  fingerprint: alert.fingerprint,
  startsAt: alert.startsAt,
  ...alert.labels,
})

/** The machine's log for alerts; `command` in place of journald and logger(1). */
export const alertSystemLog = (command?: SyslogCommand): SystemLog =>
  command === undefined
    ? new SystemLog(new Journal(), (facility) => loggerCommand(facility, 'warning'))
    : new SystemLog(undefined, command)

/** Where alerts of the daemon are written: a file of their own beside the guard's, and syslog with the level `warning`. */
export class AlertLog {
  private readonly file: DecisionLog
  private readonly systemLog: SystemLog

  constructor(path: string, systemLog: SystemLog) {
    this.file = new DecisionLog(path, { maxBytes: MAX_BYTES, keep: 1 })
    this.systemLog = systemLog
  }

  useFacility(facility: string): void {
    this.systemLog.use(facility)
  }

  write(record: AlertRecord, toSyslog: boolean): void {
    const line = printRecord(record)
    this.file.write([line])
    if (toSyslog) this.systemLog.send([record], [line])
  }

  /** Records of alerts that were not taken since the start. */
  get lost(): AlertLosses {
    return { disk: this.file.lost, syslog: this.systemLog.dropped }
  }

  /**
   * Waits for syslog's receipt of what `write` writes. Resolves to what each did not take, and why; undefined: it took
   * everything.
   */
  async try(write: () => void): Promise<Readonly<Record<'file' | 'syslog', string | undefined>>> {
    const before = this.lost
    write()
    const file = this.lost.disk > before.disk ? `it cannot be written: ${this.file.trouble}` : undefined
    if (!this.systemLog.isThere()) return { file, syslog: 'this machine has no log' }
    if (!(await this.systemLog.settled(RECEIPT_MS)))
      return { file, syslog: `it did not say within ${RECEIPT_MS / 1_000} s that it has it` }
    return { file, syslog: this.lost.syslog > before.syslog ? 'it did not take it' : undefined }
  }

  /** Why it cannot be written, until it can. */
  get trouble(): string | undefined {
    return this.file.trouble && `alerts cannot be written down: ${this.file.trouble}`
  }

  close(): void {
    this.file.close()
    this.systemLog.close()
  }
}
