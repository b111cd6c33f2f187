/** Turns counters that only rise, and begin anew when their program does, into what was added. */
export class RisingCounters {
  private before: ReadonlyMap<string, number> | undefined

  /**
   * What was added to each since the last look. The first look is only remembered: what was counted before is of a time
   * that is not known. A counter that is not there any more is forgotten.
   */
  added(totals: ReadonlyMap<string, number>): Map<string, number> {
    const { before } = this
    this.before = totals
    const added = new Map<string, number>()
    if (before === undefined) return added
    for (const [key, total] of totals) {
      const known = before.get(key) ?? 0
      const more = total >= known ? total - known : total
      if (more > 0) added.set(key, more)
    }
    return added
  }
}
