import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { type Layout, runtimePaths } from '../../base/layout.ts'
import { ownCommand } from '../../base/own-command.ts'
import { UNIT_MARK } from '../strays.ts'
import type { Alerts } from './alerts.ts'

/** Content of `${run}/confirm.json`, written by `clawgress policy import --confirm`, removed by whoever settles it. */
export const confirmationSchema = z.object({
  /** RFC 3339: when the previous generation comes back. */
  deadline: z.iso.datetime({ offset: true }),
  previousGeneration: z.string().regex(/^[0-9a-f]{1,64}$/),
})

export type Confirmation = z.infer<typeof confirmationSchema>

const RETRY_MS = 30_000
const LIMIT_MS = 300_000

/** Takes back an import that nobody confirmed in time, by the command that an operator would type. */
export class ConfirmationWatch {
  private readonly layout: Layout
  private readonly alerts: Alerts
  private readonly command: readonly string[]
  private retryAt = 0
  private isReverting = false

  constructor(layout: Layout, alerts: Alerts, command = ownCommand('policy', 'revert-unconfirmed')) {
    this.layout = layout
    this.alerts = alerts
    this.command = command
  }

  /** Begins to take the import back when it is due; the ruleset is watched meanwhile. */
  look(): void {
    if (this.isReverting || Date.now() < this.retryAt || !this.isDue()) return
    this.isReverting = true
    this.retryAt = Date.now() + RETRY_MS
    void this.revert().then((problem) => {
      this.isReverting = false
      if (problem === undefined) {
        this.retryAt = 0
        this.alerts.raise(
          'confirmation.expired',
          'Nobody confirmed the imported policy in time; the previous one is back.',
        )
      } else this.alerts.raise('confirmation.failed', `The unconfirmed policy could not be taken back: ${problem}`)
    })
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

  /** What went wrong, in the command's own words. */
  private revert(): Promise<string | undefined> {
    return new Promise((resolve) => {
      const { [UNIT_MARK]: _, ...env } = process.env
      const [program, ...args] = this.command
      const child = spawn(program!, args, { env, stdio: ['ignore', 'ignore', 'pipe'], timeout: LIMIT_MS })
      let said = ''
      child.stderr.setEncoding('utf8').on('data', (part: string) => {
        said = (said + part).slice(-1000)
      })
      child.once('error', (error) => resolve(error.message))
      child.once('close', (status) => resolve(status === 0 ? undefined : said.trim() || `exit status ${status}`))
    })
  }
}
