import { existsSync } from 'node:fs'
import { type Layout, runtimePaths } from '../../base/layout.ts'
import { ownCommand } from '../../base/own-command.ts'
import { isHeld } from '../file-lock.ts'
import type { Alerts } from './alerts.ts'
import { OwnTask } from './own-task.ts'

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
      return existsSync(restoreJournal) && !isHeld(restoreLock)
    } catch {
      // The lock's file is gone with the run folder at this moment: the next look tells.
      return false
    }
  }
}
