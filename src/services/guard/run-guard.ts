import { setTimeout as sleep } from 'node:timers/promises'
import type { Layout } from '../../base/layout.ts'
import { ActivationListener } from '../activation/listener.ts'
import { prepareFolders } from '../folders.ts'
import { Heartbeat } from '../heartbeat.ts'
import { Alerts } from './alerts.ts'
import { ConfirmationWatch } from './confirmation.ts'
import { DaemonWatch } from './daemon-watch.ts'
import { HealthWatch } from './health-watch.ts'
import { LogRotation } from './log-rotation.ts'
import { GuardReport } from './report.ts'
import { RestoreWatch } from './restore-watch.ts'
import { type RestorePins, RulesetWatch } from './ruleset-watch.ts'

/** Milliseconds between looks at the ruleset. Default deny is back within a second of its loss. */
const LOOK_MS = 100
/** Every so many looks, the log's size and the confirmation are looked at. */
const LOOKS_PER_ROUND = 20
/** Loading a large ruleset, the longest that a look may take, ends or is given up well before, in milliseconds. */
const STUCK_MS = 240_000

/**
 * Process main of `clawgress guard`, until SIGTERM. `restorePins` asks the pinner to put its pins back, and flushes
 * the names it could not pin.
 */
export async function runGuard(layout: Layout, restorePins: RestorePins): Promise<void> {
  prepareFolders(layout)
  const alerts = new Alerts(layout)
  const ruleset = new RulesetWatch(layout, alerts, restorePins)
  const confirmation = new ConfirmationWatch(layout, alerts)
  const restore = new RestoreWatch(layout, alerts)
  const activation = new ActivationListener(layout)
  const daemon = new DaemonWatch(alerts)
  const report = new GuardReport(layout, (units, isChanging) => daemon.see(units, isChanging))
  const rotation = new LogRotation(layout, alerts)
  const ending = new AbortController()
  process.once('SIGTERM', () => ending.abort())
  process.once('SIGINT', () => ending.abort())
  const heartbeat = new Heartbeat(STUCK_MS)
  const watching = new HealthWatch(layout, alerts).watch(ending.signal)
  for (let look = 0; !ending.signal.aborted; look++) {
    heartbeat.progressed()
    await ruleset.look()
    if (look % LOOKS_PER_ROUND === 0) {
      confirmation.look()
      restore.look()
      await activation.look()
      report.look()
      await rotation.look()
    }
    await sleep(LOOK_MS, undefined, { signal: ending.signal }).catch(() => undefined)
  }
  heartbeat.stop()
  activation.close()
  await watching
}
