/** Looks again and again, each time a while after the look before has ended. */
export class RepeatedLook {
  private readonly look: () => Promise<void>
  private readonly pauseMs: number
  private timer: NodeJS.Timeout | undefined
  private looking: Promise<void> = Promise.resolve()

  /** @param look never rejects */
  constructor(look: () => Promise<void>, pauseMs: number) {
    this.look = look
    this.pauseMs = pauseMs
  }

  start(): void {
    this.looking = this.look().finally(() => {
      this.timer = setTimeout(() => this.start(), this.pauseMs)
    })
  }

  /** Resolves when the look that is under way has ended. */
  async stop(): Promise<void> {
    await this.looking
    clearTimeout(this.timer)
  }
}
