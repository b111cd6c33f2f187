import { closeSync, constants, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fail } from '../base/errors.ts'
import { type Layout, runtimePaths } from '../base/layout.ts'
import { tryExclusive } from './file-lock.ts'

interface Holder {
  readonly pid: number
  /** What the holder is doing, as an operator would say it. */
  readonly purpose: string
  /** Milliseconds since the epoch. */
  readonly since: number
}

const POLL_MS = 20

/**
 * Runs `work` while no one else changes the enforcement (commit, import, guard, boot). The lock is the kernel's
 * (fcntl(2) on `${run}/lock`): it ends with its holder, however that ends. Not reentrant. Waits up to `waitMs`
 * milliseconds, then throws `apply.busy`, which says who holds it and since when.
 */
export async function withLock<T>(
  layout: Layout,
  waitMs: number,
  work: () => T | Promise<T>,
  purpose: string = ownPurpose(),
): Promise<T> {
  const { lock } = runtimePaths(layout)
  mkdirSync(dirname(lock), { recursive: true })
  const fd = openSync(lock, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
  try {
    const deadline = performance.now() + waitMs
    while (!tryExclusive(fd)) {
      const left = deadline - performance.now()
      if (left <= 0) refuse(lock)
      await sleep(Math.min(POLL_MS, left))
    }
    describe(fd, { pid: process.pid, purpose, since: Date.now() })
    return await work()
  } finally {
    closeSync(fd)
  }
}

const ownPurpose = () => ['clawgress', ...process.argv.slice(2, 4).filter((word) => /^[a-z-]+$/.test(word))].join(' ')

function describe(fd: number, holder: Holder): void {
  try {
    ftruncateSync(fd, 0)
    writeSync(fd, JSON.stringify(holder), 0)
  } catch {
    // The run folder is full: the lock holds all the same, and whoever is refused is told less.
  }
}

function refuse(lock: string): never {
  const holder = readHolder(lock)
  const who =
    holder === undefined
      ? 'another process holds it'
      : `${holder.purpose} (process ${holder.pid}) has been at it since ${new Date(holder.since).toISOString()}, ` +
        `for ${Math.max(0, Math.round((Date.now() - holder.since) / 1000))} s`
  fail('apply.busy', `Another change to the enforcement is under way: ${who}. Try again when it is done.`)
}

function readHolder(lock: string): Holder | undefined {
  try {
    const { pid, purpose, since } = JSON.parse(readFileSync(lock, 'utf8')) as Partial<Holder>
    if (typeof pid !== 'number' || typeof purpose !== 'string' || typeof since !== 'number') return undefined
    return { pid, purpose, since }
  } catch {
    // Just taken, and not described yet.
    return undefined
  }
}
