/**
 * How much came in the last so many milliseconds, in as many steps as are told, so that memory does not grow with what
 * comes. Counts by a clock that is never set.
 */
export class SlidingCount {
  private readonly step: number
  private readonly counts: Float64Array
  private last: number

  constructor(lengthMs: number, monotonic: number, steps = 60) {
    this.step = lengthMs / steps
    this.counts = new Float64Array(steps)
    this.last = Math.floor(monotonic / this.step)
  }

  add(amount: number, monotonic: number): void {
    this.advance(monotonic)
    this.counts[this.last % this.counts.length]! += amount
  }

  sum(monotonic: number): number {
    this.advance(monotonic)
    return this.counts.reduce((sum, count) => sum + count, 0)
  }

  private advance(monotonic: number): void {
    const present = Math.floor(monotonic / this.step)
    for (let over = Math.min(present - this.last, this.counts.length); over > 0; over--)
      this.counts[(present - over + 1) % this.counts.length] = 0
    this.last = Math.max(this.last, present)
  }
}
