import { monotonicMs } from '../clock.ts'
import type { Limits } from '../limits.ts'

/**
 * Bounds how many names below one wildcard may be asked for in a window: each new name is a message to whoever runs
 * the zone. Names that were asked for before stay free.
 */
export class WildcardNames {
  private readonly limits: Limits
  private readonly now: () => number
  /** By group and suffix: name to when it was last asked, oldest first. */
  private readonly suffixes = new Map<string, Map<string, number>>()
  private total = 0
  private searchedAt = Number.NEGATIVE_INFINITY

  constructor(limits: Limits, now: () => number = monotonicMs) {
    this.limits = limits
    this.now = now
  }

  admit(groupKey: string, suffix: string, name: string): boolean {
    const key = `${groupKey} ${suffix}`
    const names = this.suffixes.get(key) ?? new Map<string, number>()
    const now = this.now()
    if (!names.delete(name)) {
      this.forgetOld(names, now)
      if (names.size >= this.limits.wildcardNames) return false
      if (this.total >= this.limits.wildcardNamesInAll && !this.forgetAllOld(now)) return false
      this.total++
    }
    names.set(name, now)
    this.suffixes.set(key, names)
    return true
  }

  private forgetOld(names: Map<string, number>, now: number): void {
    for (const [name, at] of names) {
      if (now - at < this.limits.wildcardWindowMs) return
      names.delete(name)
      this.total--
    }
  }

  /** Goes through all wildcards, so at most once a second. */
  private forgetAllOld(now: number): boolean {
    if (now - this.searchedAt < 1000) return false
    this.searchedAt = now
    for (const [key, names] of this.suffixes) {
      this.forgetOld(names, now)
      if (names.size === 0) this.suffixes.delete(key)
    }
    return this.total < this.limits.wildcardNamesInAll
  }
}
