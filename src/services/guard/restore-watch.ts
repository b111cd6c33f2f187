import { statSync } from 'node:fs'
import { type Layout, runtimePaths } from '../../base/layout.ts'
import { ownCommand } from '../../base/own-command.ts'
import { isHeld } from '../file-lock.ts'
import type { Alerts } from './alerts.ts'
import { OwnTask } from './own-task.ts'

/** The handler that a restore has started needs some time until it holds the lock of a commit, milliseconds. */
const SETTLED_MS = 5_000

/** Settles a restore of a backup that was killed, so that its files do not lie there until the next commit. */
export class RestoreWatch {
  private readonly layout: Layout
  private readonly alerts: Alerts
  private readonly task: OwnTask
  private hasFailed = false

  constructor(layout: Layout, alerts: Alerts, command = ownCommand('settle-restore')) {
    this.layout = layout
    this.alerts = alerts
    this.task = new OwnTask(command)
  }

  /** Begins to settle one where there is one, and neither it nor a commit that it began goes on. Never throws. */
  look(): void {
    this.task.look(
      () => this.isCutOff(),
      (ended) => {
        if ('said' in ended) {
          if (ended.said !== '') this.alerts.raise('restore.settled', ended.said.replaceAll('\n', ' '))
        } else if (!this.hasFailed)
          this.alerts.raise(
            'restore.failed',
            `A restore of a backup was cut off, and could not be settled: ${ended.problem}`,
          )
        this.hasFailed = 'problem' in ended
      },
    )
  }

  private isCutOff(): boolean {
    const { restoreJournal, restoreLock } = runtimePaths(this.layout)
    try {
      const journal = statSync(restoreJournal, { throwIfNoEntry: false })
      return journal !== undefined && Math.abs(Date.now() - journal.mtimeMs) > SETTLED_MS && !isHeld(restoreLock)
    } catch {
      // Being removed or made at this moment: the next look tells.
      return false
    }
  }
}
