/** A pause between tries of what failed, by a clock that is never set. */
export class Pause {
  private readonly milliseconds: number
  private readonly monotonic: () => number
  private endsAt = Number.NEGATIVE_INFINITY

  /** `monotonic`: milliseconds of a clock that is never set. */
  constructor(milliseconds: number, monotonic: () => number = () => performance.now()) {
    this.milliseconds = milliseconds
    this.monotonic = monotonic
  }

  begin(): void {
    this.endsAt = this.monotonic() + this.milliseconds
  }

  get isOver(): boolean {
    return this.monotonic() >= this.endsAt
  }
}
