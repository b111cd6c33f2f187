import { type Layout, runtimePaths } from '../../base/layout.ts'
import type { Plan, PlanSettings } from '../../plan/types.ts'
import { PlanWatch } from '../plan-watch.ts'
import { type LookUpNames, NamesBehind } from './names-behind.ts'
import { Journal } from './outputs/journal.ts'
import { RecordBus } from './outputs/record-bus.ts'
import { type SyslogCommand, SystemLog } from './outputs/system-log.ts'

export interface RecordContextOptions {
  readonly layout: Layout
  readonly lookUpNames: LookUpNames
  /** Others may use it, and refresh it, too. */
  readonly plans?: PlanWatch
  /** Program that reads records and sends them to syslog; absent: journald where it runs, else logger(1). */
  readonly syslogCommand?: SyslogCommand
}

/** What everything that makes records shares. */
export class RecordContext {
  readonly layout: Layout
  readonly paths: ReturnType<typeof runtimePaths>
  readonly plans: PlanWatch
  readonly names: NamesBehind
  readonly systemLog: SystemLog
  readonly bus = new RecordBus()
  private planInUse: Plan | undefined

  constructor({ layout, lookUpNames, plans, syslogCommand }: RecordContextOptions) {
    this.layout = layout
    this.paths = runtimePaths(layout)
    this.plans = plans ?? new PlanWatch(layout)
    this.names = new NamesBehind(lookUpNames)
    this.systemLog = new SystemLog(syslogCommand === undefined ? new Journal() : undefined, syslogCommand)
  }

  /** Follows the Plan that is live. True where there is a new one. */
  refresh(): boolean {
    this.plans.refresh()
    if (this.plans.live === this.planInUse) return false
    this.planInUse = this.plans.live
    // The policy has changed, and with it which names lead where.
    this.names.forget()
    this.systemLog.use(this.settings!.syslogFacility)
    return true
  }

  get settings(): PlanSettings | undefined {
    return this.plans.live?.settings
  }
}
