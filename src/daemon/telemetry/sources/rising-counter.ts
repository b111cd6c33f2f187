import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { replaceWhole } from '../../../base/atomic-file.ts'

const keptTotals = z.strictObject({
  /** Of what counts: with another one, everything began anew. Absent: it is not known. */
  epoch: z.int().min(0).optional(),
  totals: z.record(z.string(), z.int().min(0)),
})

export type KeptTotals = z.infer<typeof keptTotals>

/** What is counted from zero, as where nothing of before can have been counted by anybody. */
export const NOTHING_COUNTED: KeptTotals = { totals: {} }

/** Turns counters that only rise, and begin anew when their program does, into what was added. */
export class RisingCounters {
  private before: ReadonlyMap<string, number> | undefined
  private epoch: number | undefined

  /** `kept` by the one that looked before this program started. */
  constructor(kept?: KeptTotals) {
    this.before = kept && new Map(Object.entries(kept.totals))
    this.epoch = kept?.epoch
  }

  /**
   * What was added to each since the last look. Where nothing was kept, the first look is only remembered: what was
   * counted before is of a time that is not known. A counter that is not there any more is forgotten.
   */
  added(totals: ReadonlyMap<string, number>, epoch?: number): Map<string, number> {
    const isAnew = epoch !== undefined && this.epoch !== undefined && epoch !== this.epoch
    const before = isAnew ? new Map<string, number>() : this.before
    this.before = totals
    this.epoch = epoch ?? this.epoch
    const added = new Map<string, number>()
    if (before === undefined) return added
    for (const [key, total] of totals) {
      const known = before.get(key) ?? 0
      const more = total >= known ? total - known : total
      if (more > 0) added.set(key, more)
    }
    return added
  }

  /** For the next program; undefined before the first look. */
  get kept(): KeptTotals | undefined {
    if (this.before === undefined) return undefined
    return { ...(this.epoch === undefined ? {} : { epoch: this.epoch }), totals: Object.fromEntries(this.before) }
  }
}

/** Several counters' totals in one file, which must not live longer than what counts. */
export class TotalsFile {
  private readonly path: string
  private written = ''

  constructor(path: string) {
    this.path = path
  }

  /** Undefined where there is none, or a damaged one: then the first look is only remembered. */
  read(): Readonly<Record<string, KeptTotals>> | undefined {
    try {
      return z.record(z.string(), keptTotals).parse(JSON.parse(readFileSync(this.path, 'utf8')))
    } catch {
      return undefined
    }
  }

  /** Never throws. */
  write(counters: Readonly<Record<string, RisingCounters>>): void {
    const kept = Object.entries(counters).flatMap(([name, { kept }]) => (kept === undefined ? [] : [[name, kept]]))
    const text = JSON.stringify(Object.fromEntries(kept))
    if (text === this.written) return
    try {
      replaceWhole(this.path, text, 0o640)
      this.written = text
    } catch {
      // Tried again with the next totals; a full run folder is told of by the bookmarks, which are beside it.
    }
  }
}
