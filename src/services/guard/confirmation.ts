import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { type Layout, runtimePaths } from '../../base/layout.ts'
import { ownCommand } from '../../base/own-command.ts'
import type { Alerts } from './alerts.ts'
import { OwnTask } from './own-task.ts'

/** Content of `${run}/confirm.json`, written by `clawgress policy import --confirm`, removed by whoever settles it. */
export const confirmationSchema = z.object({
  /** RFC 3339: when the previous generation comes back. */
  deadline: z.iso.datetime({ offset: true }),
  previousGeneration: z.string().regex(/^[0-9a-f]{1,64}$/),
})

export type Confirmation = z.infer<typeof confirmationSchema>

/** Takes back an import that nobody confirmed in time, by the command that an operator would type. */
export class ConfirmationWatch {
  private readonly layout: Layout
  private readonly alerts: Alerts
  private readonly task: OwnTask

  constructor(layout: Layout, alerts: Alerts, command = ownCommand('policy', 'revert-unconfirmed')) {
    this.layout = layout
    this.alerts = alerts
    this.task = new OwnTask(command)
  }

  /** Begins to take the import back when it is due. Never throws. */
  look(): void {
    this.task.look(
      () => this.isDue(),
      (ended) => {
        if ('problem' in ended)
          this.alerts.raise('confirmation.failed', `The unconfirmed policy could not be taken back: ${ended.problem}`)
        else
          this.alerts.raise(
            'confirmation.expired',
            'Nobody confirmed the imported policy in time; the previous one is back.',
          )
      },
    )
  }

  private isDue(): boolean {
    let text: string
    try {
      text = readFileSync(runtimePaths(this.layout).confirmation, 'utf8')
    } catch {
      return false
    }
    try {
      return Date.parse(confirmationSchema.parse(JSON.parse(text)).deadline) <= Date.now()
    } catch {
      // Unreadable: nobody can confirm it any more.
      return true
    }
  }
}
