import { setTimeout as sleep } from 'node:timers/promises'
import { hasRunnableThread, processorTicks } from './process-stat.ts'

const WATCH_MS = 200
/** A program that waits for something that never comes uses none. */
const BUSY_TICKS = 2

/**
 * Is the process at work, although it does not answer? named is, for many seconds, while it loads large zones. Where the
 * machine is overloaded it would be, and waits for a processor all the time. Takes 0.2 s; false for a process that is
 * not there.
 */
export async function isBusy(pid: number): Promise<boolean> {
  const before = processorTicks(pid)
  const wouldRun = hasRunnableThread(pid)
  await sleep(WATCH_MS)
  return processorTicks(pid) - before >= BUSY_TICKS || (wouldRun && hasRunnableThread(pid))
}
