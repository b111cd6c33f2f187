import { spawn } from 'node:child_process'
import { z } from 'zod'
import { type Layout, runtimePaths } from '../../base/layout.ts'
import { systemUser } from '../../base/system-users.ts'
import { BoundedLog } from '../bounded-log.ts'
import { noteLost } from '../lost-records.ts'

export type AlertEvent =
  /** Another program removed or changed our table; it is back. */
  | 'table.restored'
  /** The ruleset of the generation could not be loaded; default deny stands instead. */
  | 'table.closed'
  /** Not even default deny could be loaded. */
  | 'table.lost'
  /** Pins or named's cache could not be put right after the table came back. */
  | 'pins.lost'
  /** A program ran without answering; it was started anew. */
  | 'program.hung'
  /** It could not be started anew. */
  | 'program.stuck'
  /** The daemon, which tells of other programs, does not run. */
  | 'service.down'
  /** The kernel does not say what stands in it. */
  | 'table.unknown'
  /** Nobody confirmed an import in time; the previous policy is back. */
  | 'confirmation.expired'
  /** Nobody confirmed an import in time, and the previous policy could not be put back. */
  | 'confirmation.failed'
  /** A restore of a backup was killed; whether its files stay is settled now. */
  | 'restore.settled'
  /** It could not be settled. */
  | 'restore.failed'
  /** A denial log grew too large, and could not be put aside. */
  | 'log.stuck'

export const ALERT_SCHEMA = 'clawgress.alert/1'

/** One line of `${log}/alerts.jsonl`. */
export const alertRecord = z
  .object({
    schema: z.literal(ALERT_SCHEMA),
    time: z.iso.datetime({ precision: 3 }),
    event: z.string().max(64),
    message: z.string().max(4096).describe('For the operator.'),
  })
  .catchall(z.union([z.string().max(4096), z.number()]))
  .describe('Something that an operator must know.')

export type AlertRecord = z.infer<typeof alertRecord>

/** Where alerts go: a line of JSON in `${log}/alerts.jsonl`, and syslog (facility daemon, level alert). */
export class Alerts {
  private readonly layout: Layout
  private opened: BoundedLog | undefined

  constructor(layout: Layout) {
    this.layout = layout
    this.log()
  }

  /** Never throws, and waits for nothing. */
  raise(event: AlertEvent, message: string, details: Readonly<Record<string, string | number>> = {}): void {
    const record = { schema: ALERT_SCHEMA, time: new Date().toISOString(), event, message, ...details }
    if (this.log()?.writeLine(JSON.stringify(record)) !== true) noteLost(this.layout, 'alert')
    const args = ['--tag', 'clawgress-guard', '--priority', 'daemon.alert', '--', `${event}: ${message}`]
    // A machine without syslog has the file.
    spawn('logger', args, { stdio: 'ignore' }).on('error', () => {})
  }

  private log(): BoundedLog | undefined {
    try {
      this.opened ??= new BoundedLog(runtimePaths(this.layout).alerts, systemUser('clawgress')?.gid)
    } catch {
      // A disk that takes no file must not keep the guard from its work; what is not written is counted.
    }
    return this.opened
  }
}
