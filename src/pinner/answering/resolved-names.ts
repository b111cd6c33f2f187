/** Names counted by themselves between two takes: what is sent in one go must not hold up answers. */
const MAX_NAMES = 4_000

export interface ResolvedCounts {
  /** Group (its name), name, and how often named asked for it since the last take: not what it had in its cache. */
  readonly names: readonly (readonly [group: string, name: string, count: number])[]
  /** Questions for names that found no room. */
  readonly others: number
}

/** How often allowed names were resolved, for the telemetry. Costs one look-up an answer. */
export class ResolvedNames {
  private readonly counts = new Map<string, Map<string, number>>()
  private size = 0
  private others = 0

  note(group: string, name: string): void {
    let names = this.counts.get(group)
    if (names === undefined) {
      names = new Map()
      this.counts.set(group, names)
    }
    const known = names.get(name)
    if (known !== undefined) names.set(name, known + 1)
    else if (this.size >= MAX_NAMES) this.others++
    else {
      names.set(name, 1)
      this.size++
    }
  }

  /** Hands the counts out, and begins anew. */
  take(): ResolvedCounts {
    const names = [...this.counts].flatMap(([group, counts]) =>
      [...counts].map(([name, count]) => [group, name, count] as const),
    )
    const { others } = this
    this.counts.clear()
    this.size = 0
    this.others = 0
    return { names, others }
  }
}
