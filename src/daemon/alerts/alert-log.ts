import { ALERT_SCHEMA, type AlertRecord } from '../../services/index.ts'
import { printRecord } from '../records/kinds/record.ts'
import { DecisionLog } from '../records/outputs/decision-log.ts'
import { Journal } from '../records/outputs/journal.ts'
import { loggerCommand } from '../records/outputs/syslog.ts'
import { type SyslogCommand, SystemLog } from '../records/outputs/system-log.ts'
import type { Alert } from './alert.ts'

/** Octets of the file; there are two of them. */
const MAX_BYTES = 4 << 20

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

/** Where alerts of the daemon are written: a file of their own beside the guard's, and syslog with the level `warning`. */
export class AlertLog {
  private readonly file: DecisionLog
  private readonly systemLog: SystemLog

  /** `command` in place of journald and logger(1). */
  constructor(path: string, command?: SyslogCommand) {
    this.file = new DecisionLog(path, { maxBytes: MAX_BYTES, keep: 1 })
    this.systemLog =
      command === undefined
        ? new SystemLog(new Journal(), (facility) => loggerCommand(facility, 'warning'))
        : new SystemLog(undefined, command)
  }

  useFacility(facility: string): void {
    this.systemLog.use(facility)
  }

  write(record: AlertRecord, toSyslog: boolean): void {
    const line = printRecord(record)
    this.file.write([line])
    if (toSyslog) this.systemLog.send([record], [line])
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
