import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const WATCH_MS = 200
/** Ticks of 10 ms (proc(5), USER_HZ). A program that waits for something that never comes uses none. */
const BUSY_TICKS = 2

/**
 * Is the process at work, although it does not answer? named is, for many seconds, while it loads large zones. Takes
 * 0.2 s; false for a process that is not there.
 */
export async function isBusy(pid: number): Promise<boolean> {
  const before = ticks(pid)
  await sleep(WATCH_MS)
  return ticks(pid) - before >= BUSY_TICKS
}

/** Processor time of all its threads: utime and stime of /proc/pid/stat, after the name in parentheses. */
function ticks(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return Number(fields[11]) + Number(fields[12])
  } catch {
    return 0
  }
}
