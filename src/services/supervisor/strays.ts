import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Layout } from '../../base/layout.ts'

/** Variable in the environment of the supervisor and of every unit's process; its value is the layout's run folder. */
export const UNIT_MARK = 'CLAWGRESS_UNIT_OF'

/** How long killed processes may take to be gone, in milliseconds. */
const GONE_MS = 5_000

/**
 * Kills what earlier supervisors of the layout left, and waits until their ports are free: processes of units that
 * outlived theirs, since it was killed between starting a process and that process asking to die with it; and
 * supervisors that lost their lock with the run folder. Only for whoever has that lock.
 */
export async function endStrays(layout: Layout): Promise<void> {
  const killed = processesOf(layout)
  for (const pid of killed) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // Gone in the meantime.
    }
  }
  for (
    const deadline = performance.now() + GONE_MS;
    performance.now() < deadline && processesOf(layout).length > 0;
    await sleep(10)
  ) {}
}

function processesOf(layout: Layout): number[] {
  const mark = `${UNIT_MARK}=${layout.run}`
  const others = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
  return others.map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(mark)
    } catch {
      return false
    }
  })
}
