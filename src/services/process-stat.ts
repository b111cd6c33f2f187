import { readdirSync, readFileSync } from 'node:fs'

/** Milliseconds of a tick (proc(5), USER_HZ). */
const TICK_MS = 10

const START_TIME = 19
const PROCESSOR_TIMES = [11, 12] as const

/** Processor time of all threads of a process, user's and kernel's, ticks; 0 for one that is not there. */
export function processorTicks(pid: number): number {
  const fields = statFields(pid)
  return PROCESSOR_TIMES.reduce((sum, field) => sum + Number(fields?.[field] ?? 0), 0)
}

/** Does a thread of the process run, or wait for nothing but a processor or a disk (proc(5), states R and D)? */
export function hasRunnableThread(pid: number): boolean {
  return threadsOf(pid).some((thread) => /^[RD]$/.test(statFields(`${pid}/task/${thread}`)?.[0] ?? ''))
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    // It has ended.
    return []
  }
}

/**
 * A function that tells how long a process has been there, milliseconds, by clocks that are never set; undefined for
 * one that is not there. What passes while the machine is suspended counts.
 */
export function processAges(): (pid: number) => number | undefined {
  // Within a container /proc/uptime may begin with the container (lxcfs), whereas processes count from the boot.
  const skew = process.uptime() * 1000 + startMs(process.pid)! - uptimeMs()
  return (pid) => {
    const started = startMs(pid)
    return started === undefined ? undefined : Math.max(0, uptimeMs() + skew - started)
  }
}

function startMs(pid: number): number | undefined {
  const fields = statFields(pid)
  return fields === undefined ? undefined : Number(fields[START_TIME]) * TICK_MS
}

const uptimeMs = () => Number.parseFloat(readFileSync('/proc/uptime', 'latin1')) * 1000

/** Its stat file below /proc from the third field on, the first after the name, which may hold anything, in parentheses. */
function statFields(process: number | string): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${process}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}
