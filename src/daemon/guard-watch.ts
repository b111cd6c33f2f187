import type { Layout } from '../base/layout.ts'
import { type GuardSight, readGuardReport } from '../services/index.ts'

/** The guard writes every two seconds. */
const EVERY = 2_000
/** As many as fit the mark field of the default mask. */
const MAX_NUMBERS = 4096

/** What the guard sees of the kernel, for a program without privilege; and what it has seen. */
export class GuardWatch {
  /** Absent: the guard is not at work. */
  sight: GuardSight | undefined
  private readonly layout: Layout
  private readonly generations = new Map<number, string>()
  private lookedAt = Number.NEGATIVE_INFINITY

  constructor(layout: Layout) {
    this.layout = layout
  }

  /** True where there is something new. Never throws. */
  refresh(now: number): boolean {
    if (Math.abs(now - this.lookedAt) < EVERY) return false
    this.lookedAt = now
    const before = this.sight?.seenAt
    this.sight = readGuardReport(this.layout, now)
    if (this.sight === undefined || this.sight.seenAt === before) return false
    const { ruleset } = this.sight
    if (!('unknown' in ruleset) && ruleset.mark !== undefined && ruleset.generation !== undefined)
      this.remember(ruleset.mark, ruleset.generation)
    return true
  }

  /** The generation of a number in ct marks, among those seen since this program started. */
  generationOf(number: number): string | undefined {
    return this.generations.get(number)
  }

  private remember(number: number, generation: string): void {
    this.generations.delete(number)
    this.generations.set(number, generation)
    if (this.generations.size > MAX_NUMBERS) this.generations.delete(this.generations.keys().next().value!)
  }
}
