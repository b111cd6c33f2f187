import { printRecord } from '../kinds/record.ts'
import type { AnyRecord } from '../kinds/record-kinds.ts'
import type { DecisionLog } from './decision-log.ts'
import type { RecordBus } from './record-bus.ts'
import type { SystemLog } from './system-log.ts'

/** Where finished records go: a file, syslog, and whoever listens in this process. */
export class RecordOutput {
  private readonly log: DecisionLog | undefined
  private readonly systemLog: SystemLog
  private readonly bus: RecordBus

  /** Without `log`, the file is written by others. */
  constructor(log: DecisionLog | undefined, systemLog: SystemLog, bus: RecordBus) {
    this.log = log
    this.systemLog = systemLog
    this.bus = bus
  }

  /** With `isLogged` false only listeners hear of them. */
  emit(records: readonly AnyRecord[], isLogged = true): void {
    if (records.length === 0) return
    if (isLogged) {
      const lines = records.map(printRecord)
      this.log?.write(lines)
      this.systemLog.send(records, lines)
    }
    this.bus.publish(records)
  }

  /** Records that the disk did not take. */
  get lost(): number {
    return this.log?.lost ?? 0
  }

  /** Lines of the file that nobody can read, because their writer was killed. */
  get torn(): number {
    return this.log?.torn ?? 0
  }

  /** Why they cannot be written, until they can. */
  get trouble(): string | undefined {
    return this.log?.trouble
  }

  close(): void {
    this.log?.close()
  }
}
