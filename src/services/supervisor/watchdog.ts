import type { ChildProcess } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import type { Readable } from 'node:stream'
import { HEARTBEAT_FD } from '../heartbeat.ts'

const LOOK_MS = 500

/**
 * Kills a process whose heart beat, once begun, is not heard for `limitMs` milliseconds, or does not begin within
 * `graceMs`: whoever keeps it running starts it again. `tell` hears for how long it was silent.
 */
export function watchHeartbeat(
  child: ChildProcess,
  { limitMs, graceMs, tell }: { limitMs: number; graceMs: number; tell: (silentMs: number) => void },
): void {
  let heardAt = performance.now()
  let limit = graceMs
  let isOverdue = false
  const pipe = child.stdio[HEARTBEAT_FD] as Readable
  pipe.on('data', () => {
    heardAt = performance.now()
    limit = limitMs
    isOverdue = false
  })
  // Of a process that is gone.
  pipe.on('error', () => undefined)
  const timer = setInterval(() => {
    const silentMs = performance.now() - heardAt
    if (silentMs <= limit) return
    // We may have stood still ourselves, with a beat not read yet: that is read before the next look.
    if (!isOverdue) {
      isOverdue = true
      return
    }
    clearInterval(timer)
    tell(silentMs)
    child.kill('SIGKILL')
  }, LOOK_MS)
  child.once('exit', () => clearInterval(timer))
}
