import { lstatSync, readlinkSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type Layout, runtimePaths } from '../base/layout.ts'
import { loadPlan } from '../plan/index.ts'
import type { Plan } from '../plan/types.ts'
import type { Plans } from './records/explain.ts'

/** Keeps the Plan of the generation that is proven live, and the one before it. */
export class PlanWatch implements Plans {
  live?: Plan
  previous?: Plan
  liveSince?: number
  /** Why the live generation's Plan could not be read, until it can. */
  trouble: string | undefined
  private readonly current: string
  private target: string | undefined

  constructor(layout: Layout) {
    this.current = runtimePaths(layout).current
  }

  /** Loads the Plan where `current` leads elsewhere than before. Never throws; true where there is a new one. */
  refresh(): boolean {
    const target = this.readTarget()
    if (target === this.target) return false
    this.target = target
    if (target === undefined) return false
    try {
      const plan = loadPlan(join(target, 'plan'))
      if (this.live !== undefined) this.previous = this.live
      this.live = plan
      this.liveSince = lstatSync(this.current).mtimeMs
      this.trouble = undefined
      return true
    } catch (error) {
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
