import { lstatSync, readlinkSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type Layout, runtimePaths } from '../base/layout.ts'
import { Pause } from '../base/pause.ts'
import { loadPlan } from '../plan/index.ts'
import type { Plan } from '../plan/types.ts'
import type { Plans } from './records/explain.ts'

/** Lines that the Plan before decided are read within it, milliseconds. A million names of it are 50 MiB. */
const KEEP_PREVIOUS = 60_000
/** After a Plan that could not be read, milliseconds. */
const RETRY_MS = 2_000

/** Keeps the Plan of the generation that is proven live, and for a minute the one before it. */
export class PlanWatch implements Plans {
  live?: Plan
  previous: Plan | undefined
  liveSince?: number
  /** Why the live generation's Plan could not be read, until it can. */
  trouble: string | undefined
  private readonly current: string
  private readonly monotonic: () => number
  private readonly pause: Pause
  /** Where `current` led to when the live Plan was loaded. */
  private target: string | undefined
  private loadedAt = 0

  /** `monotonic`: milliseconds of a clock that is never set. */
  constructor(layout: Layout, monotonic: () => number = () => performance.now()) {
    this.current = runtimePaths(layout).current
    this.monotonic = monotonic
    this.pause = new Pause(RETRY_MS, monotonic)
  }

  /**
   * Loads the Plan where `current` leads elsewhere than before, again and again until it can be read. Never throws; true
   * where there is a new one.
   */
  refresh(): boolean {
    const target = this.readTarget()
    if (target === this.target) {
      this.trouble = undefined
      if (this.previous !== undefined && this.monotonic() - this.loadedAt > KEEP_PREVIOUS) this.previous = undefined
      return false
    }
    if (target === undefined) {
      this.target = undefined
      return false
    }
    if (!this.pause.isOver) return false
    try {
      // Before the next is read, so that there are never three.
      this.previous = this.live
      this.live = loadPlan(join(target, 'plan'))
      this.target = target
      this.loadedAt = this.monotonic()
      this.liveSince = lstatSync(this.current).mtimeMs
      this.trouble = undefined
      return true
    } catch (error) {
      this.pause.begin()
      this.trouble = `the compiled plan in ${target} cannot be read: ${(error as Error).message}`
      return false
    }
  }

  private readTarget(): string | undefined {
    try {
      return resolve(dirname(this.current), readlinkSync(this.current))
    } catch {
      return undefined
    }
  }
}
