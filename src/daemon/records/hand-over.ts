import { z } from 'zod'

/** Looks that lie between what the kernel had counted and what must have come by now: six seconds of the guard's. */
const LOOKS = 4

/** What has to outlive the daemon, but not the table. */
export const handOverState = z.strictObject({
  /** The kernel's handle of the table. */
  table: z.int().min(0),
  /** Packets that were accounted for before the first one of this table, less those that have been told as lost. */
  base: z.int(),
  /** Has everything that the table before had logged come? */
  isEven: z.boolean(),
})

export type HandOverState = z.infer<typeof handOverState>

/**
 * Compares how many packets the kernel logged with how many came. The kernel numbers packets anew for every listener, so
 * only this shows what was logged while nobody listened, or died with the listener's buffers. Under steady load some of
 * a loss is told later, when it is quiet for as long as a look lasts; what is under way is never told as lost.
 */
export class HandOver {
  private state: HandOverState | undefined
  private accountedBefore: number | undefined
  private looks: { readonly logged: number; readonly accounted: number }[] = []

  /** `accountedBefore`: packets, at the last look; undefined: it is not known. */
  constructor(state: HandOverState | undefined, accountedBefore: number | undefined) {
    this.state = state
    this.accountedBefore = accountedBefore
  }

  /** To be kept; `untold`: losses that are found, but that nobody has been told yet. */
  kept(untold: number): HandOverState | undefined {
    return this.state && { ...this.state, base: this.state.base + untold }
  }

  /**
   * To be called with each look of the guard's, when everything that is written has been read.
   * @param logged packets that the table of this handle has logged
   * @param accounted packets of any table that have come, and those that are known to be lost otherwise
   * @returns how many more are lost than at the last look
   */
  look(table: number, logged: number, accounted: number): number {
    const state = this.stateFor(table, logged, accounted)
    this.accountedBefore = accounted
    this.looks = [...this.looks, { logged, accounted }].slice(-LOOKS)
    const oldest = this.looks[0]!
    if (this.looks.length < LOOKS) return 0
    const missing = oldest.logged - (accounted - state.base)
    const isQuiet = oldest.logged === logged && oldest.accounted === accounted
    // Packets of the table before may come after the first look at this one; they make up for none of this one's.
    if (missing > 0 || (isQuiet && !state.isEven)) state.base -= missing
    if (isQuiet) state.isEven = true
    return Math.max(0, missing)
  }

  private stateFor(table: number, logged: number, accounted: number): HandOverState {
    const before = this.accountedBefore
    const isSame = this.state?.table === table && logged >= (this.looks.at(-1)?.logged ?? 0)
    if (this.state !== undefined && isSame && before !== undefined) return this.state
    this.looks = []
    const isEven = this.state === undefined && before === 0
    this.state = { table, base: before ?? accounted - logged, isEven }
    return this.state
  }
}
