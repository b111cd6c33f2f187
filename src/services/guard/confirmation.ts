import { readFileSync, statSync } from 'node:fs'
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
  /** The file that was replaced, as the configuration named it. */
  policyFile: z.string(),
})

export type Confirmation = z.infer<typeof confirmationSchema>

/**
 * Takes back an import that nobody confirmed in time, by the command that an operator would type. The clock that is set
 * counts where a note is seen first, after a start of the guard, too; from then on the one that is never set.
 */
export class ConfirmationWatch {
  private readonly layout: Layout
  private readonly alerts: Alerts
  private readonly task: OwnTask
  private readonly monotonic: () => number
  /** The note that waits, and when it is due by the clock that is never set. */
  private waiting: { readonly note: string; readonly dueAt: number } | undefined

  /** `monotonic`: milliseconds of a clock that is never set. */
  constructor(
    layout: Layout,
    alerts: Alerts,
    command = ownCommand('policy', 'revert-unconfirmed'),
    monotonic: () => number = () => performance.now(),
  ) {
    this.layout = layout
    this.monotonic = monotonic
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
        // It says nothing where it found that nothing is to be taken back any more.
        else if (ended.said !== '')
          this.alerts.raise(
            'confirmation.expired',
            'Nobody confirmed the imported policy in time; the previous one is back.',
          )
      },
    )
  }

  private isDue(): boolean {
    const { confirmation } = runtimePaths(this.layout)
    let note: string
    let writtenAt: number
    try {
      note = readFileSync(confirmation, 'utf8')
      writtenAt = statSync(confirmation).mtimeMs
    } catch {
      // Nothing waits, or it was settled at this moment.
      this.waiting = undefined
      return false
    }
    if (this.waiting?.note !== note) this.waiting = { note, dueAt: this.monotonic() + remainingMs(note, writtenAt) }
    return this.monotonic() >= this.waiting.dueAt
  }
}

/** How long the operator still has: never longer than from the note on, wherever the clock was set to since. */
function remainingMs(note: string, writtenAt: number): number {
  try {
    const deadline = Date.parse(confirmationSchema.parse(JSON.parse(note)).deadline)
    return deadline - Math.max(Date.now(), writtenAt)
  } catch {
    // Unreadable: nobody can confirm it any more.
    return 0
  }
}
