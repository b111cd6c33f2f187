import { readdirSync, readFileSync } from 'node:fs'
import type { Layout } from '../base/layout.ts'

/** Variable in the environment of every unit's process; its value is the run folder of the layout. */
export const UNIT_MARK = 'CLAWGRESS_UNIT_OF'

/**
 * Kills processes of units that outlived their supervisor: it may have been killed in the moment between starting a
 * process and that process asking to die with it.
 */
export function endStrays(layout: Layout): void {
  const mark = `${UNIT_MARK}=${layout.run}`
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== String(process.pid))) {
    try {
      if (!readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(mark)) continue
      process.kill(Number(pid), 'SIGKILL')
    } catch {
      // Gone in the meantime.
    }
  }
}
