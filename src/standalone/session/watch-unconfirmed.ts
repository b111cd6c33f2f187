import { setTimeout as sleep } from 'node:timers/promises'
import type { Shell } from './shell.ts'

const LOOK_MS = 1000
/** After an attempt that an owner refused, or while another commit is in progress. */
const RETRY_MS = 30_000
const MAX_ATTEMPTS = 20

/**
 * Waits until the commit is confirmed, or takes it back when its time is over: by `monotonic`, milliseconds of a clock
 * that is never set. @returns false where that failed
 */
export async function watchUnconfirmed(shell: Shell, monotonic = () => performance.now()): Promise<boolean> {
  let waiting: { readonly deadline: number; readonly dueAt: number } | undefined
  for (let attempts = 0; attempts < MAX_ATTEMPTS; ) {
    const { confirmBy } = shell
    if (confirmBy === undefined) return true
    const deadline = confirmBy.getTime()
    if (waiting?.deadline !== deadline) waiting = { deadline, dueAt: monotonic() + deadline - Date.now() }
    if (waiting.dueAt > monotonic()) {
      await sleep(LOOK_MS)
      continue
    }
    attempts++
    if (await shell.revertUnconfirmed(confirmBy)) return true
    await sleep(RETRY_MS)
  }
  return false
}
