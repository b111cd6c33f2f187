import { spawn } from 'node:child_process'
import { Pause } from '../../base/pause.ts'
import { UNIT_MARK } from '../supervisor/strays.ts'

const RETRY_MS = 30_000
const LIMIT_MS = 300_000
const MAX_SAID = 1000

/** How a command ended: what it printed, or, where it failed, what went wrong in its own words. */
export type Ended = { readonly said: string } | { readonly problem: string }

/** A command of ours that the guard runs when it is due: one at a time, and after a failure not again at once. */
export class OwnTask {
  private readonly command: readonly string[]
  private readonly pause: Pause
  private isRunning = false

  /** `pause`: after a failure. */
  constructor(command: readonly string[], pause = new Pause(RETRY_MS)) {
    this.command = command
    this.pause = pause
  }

  /** Begins it when it is due; the ruleset is watched meanwhile. Never throws. */
  look(isDue: () => boolean, onEnd: (ended: Ended) => void): void {
    if (this.isRunning || !this.pause.isOver || !isDue()) return
    this.isRunning = true
    void this.run().then((ended) => {
      this.isRunning = false
      if ('problem' in ended) this.pause.begin()
      onEnd(ended)
    })
  }

  private run(): Promise<Ended> {
    return new Promise((resolve) => {
      const { [UNIT_MARK]: _, ...env } = process.env
      const [program, ...args] = this.command
      const child = spawn(program!, args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: LIMIT_MS })
      let said = ''
      let complained = ''
      child.stdout.setEncoding('utf8').on('data', (part: string) => {
        said = (said + part).slice(-MAX_SAID)
      })
      child.stderr.setEncoding('utf8').on('data', (part: string) => {
        complained = (complained + part).slice(-MAX_SAID)
      })
      child.once('error', (error) => resolve({ problem: error.message }))
      child.once('close', (status) =>
        resolve(status === 0 ? { said: said.trim() } : { problem: complained.trim() || `exit status ${status}` }),
      )
    })
  }
}
