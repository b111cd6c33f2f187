import { performance } from 'node:perf_hooks'
import type { UnitName, UnitStatus } from '../unit-definition.ts'
import type { Alerts } from './alerts.ts'

const DAEMON: UnitName = 'clawgressd'
/** Its supervisor starts it again much sooner, milliseconds. */
const SETTLE_MS = 10_000
/** A commit, restart or upgrade that is under way may stop and start it, with as long as both may take. */
const CHANGE_MS = 60_000

/** Tells that the daemon does not run, which tells of everything else that does not. */
export class DaemonWatch {
  private readonly alerts: Pick<Alerts, 'raise'>
  private downSince: number | undefined
  private isTold = false

  constructor(alerts: Pick<Alerts, 'raise'>) {
    this.alerts = alerts
  }

  /**
   * `isChanging`: a commit, restart or upgrade is under way. `monotonic` by a clock that is never set, milliseconds.
   */
  see(
    units: readonly Pick<UnitStatus, 'name' | 'state' | 'lastExit'>[],
    isChanging: boolean,
    monotonic = performance.now(),
  ): void {
    const daemon = units.find(({ name }) => name === DAEMON)
    if (daemon === undefined || daemon.state === 'running') {
      this.downSince = undefined
      this.isTold = false
      return
    }
    this.downSince ??= monotonic
    if (this.isTold || monotonic - this.downSince < (isChanging ? CHANGE_MS : SETTLE_MS)) return
    this.isTold = true
    const ended = daemon.lastExit === undefined ? '' : ` It ended last with ${daemon.lastExit}.`
    const message = `${DAEMON} is ${daemon.state}: nothing is recorded, and other alerts are not told, until it runs again.${ended}`
    this.alerts.raise('service.down', message, { unit: DAEMON })
  }
}
