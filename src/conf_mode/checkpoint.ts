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

export type Checkpoint = (typeof CHECKPOINTS)[number]

/** Fault injection: `CLAWGRESS_KILL_AT=<checkpoint>` ends the process as kill -9 would, so that convergence can be tested. */
export function checkpoint(name: Checkpoint): void {
  if (process.env.CLAWGRESS_KILL_AT === name) process.kill(process.pid, 'SIGKILL')
  if (process.env.CLAWGRESS_FAIL_AT === name) throw new Error(`fault injected at ${name}`)
}
