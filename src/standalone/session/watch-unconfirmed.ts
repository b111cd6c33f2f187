import { setTimeout as sleep } from 'node:timers/promises'
import type { Shell } from './shell.ts'

const LOOK_MS = 1000
/** After an attempt that an owner refused, or while another commit is in progress. */
const RETRY_MS = 30_000
const MAX_ATTEMPTS = 20

/** Waits until the commit is confirmed, or takes it back when its time is over. @returns false where that failed */
export async function watchUnconfirmed(shell: Shell): Promise<boolean> {
  for (let attempts = 0; attempts < MAX_ATTEMPTS; ) {
    const { confirmBy } = shell
    if (confirmBy === undefined) return true
    if (confirmBy.getTime() > Date.now()) {
      await sleep(LOOK_MS)
      continue
    }
    attempts++
    if (await shell.revertUnconfirmed()) return true
    await sleep(RETRY_MS)
  }
  return false
}
