/** The places where a commit can be cut off; the tests kill the handler at each. In the order in which they are passed. */
export const CHECKPOINTS = [
  'generated',
  'checked',
  'intended',
  'closed',
  'staged',
  'kernel',
  'activated',
  'zones',
  'flushed',
  'proven',
  'switched',
] as const

/** Where the standalone session hands a handler its terminal, with `CLAWGRESS_PROGRESS` set to this number. */
export const PROGRESS_FD = 3

export type Checkpoint = (typeof CHECKPOINTS)[number]

let hasFailed = false
let listener: (name: Checkpoint) => void = () => {}

/** Calls `listen` at each place that a commit of this process passes. */
export function onCheckpoint(listen: (name: Checkpoint) => void): void {
  listener = listen
}

/**
 * Marks a place, for whoever follows the commit, and for fault injection: `CLAWGRESS_KILL_AT=<checkpoint>` ends the
 * process as kill -9 would, so that convergence can be tested; `CLAWGRESS_FAIL_AT=<checkpoint>` fails the step once, so
 * that the way back, which passes the same places, succeeds.
 */
export function checkpoint(name: Checkpoint): void {
  listener(name)
  if (process.env.CLAWGRESS_KILL_AT === name) process.kill(process.pid, 'SIGKILL')
  if (process.env.CLAWGRESS_FAIL_AT !== name || hasFailed) return
  hasFailed = true
  throw new Error(`fault injected at ${name}`)
}
