import { setImmediate } from 'node:timers/promises'

/** Milliseconds that long work may hold up the program at a time, unless one piece of it takes longer. */
const SLICE = 4

/** Work in pieces: a `yield` after each. */
export type Work<Result> = Generator<void, Result>

interface Turn {
  /** Does a piece; true when that was the last. */
  readonly step: () => boolean
  readonly isUrgent: boolean
}

/** Long work one after another and in slices, between which the rest of the program runs. */
export class Turns {
  private readonly waiting: Turn[] = []
  private readonly ahead: Turn[] = []
  private running: Promise<void> | undefined

  /**
   * A function is work in one piece. `isUrgent`: what is left of it is done by `finishUrgent`. Rejects with what the
   * work throws.
   */
  take<Result>(work: Work<Result> | (() => Result), isUrgent = false): Promise<Result> {
    return this.queue(this.waiting, work, isUrgent)
  }

  /**
   * As `take`, but before all that waits and whatever of it has begun; nothing else runs until it is done. Between two of
   * these the others have a slice, so that they come to their end, too.
   */
  takeAhead<Result>(work: Work<Result>): Promise<Result> {
    return this.queue(this.ahead, work, false)
  }

  /** Resolves when nothing waits. */
  async settled(): Promise<void> {
    await this.running
  }

  /** Does all urgent work at once, and drops the rest: its promises stay open. */
  finishUrgent(): void {
    this.ahead.length = 0
    for (const { step } of this.waiting.splice(0).filter(({ isUrgent }) => isUrgent)) while (!step());
  }

  private queue<Result>(turns: Turn[], work: Work<Result> | (() => Result), isUrgent: boolean): Promise<Result> {
    return new Promise((resolve, reject) => {
      const step = () => {
        try {
          const { done, value } = typeof work === 'function' ? { done: true as const, value: work() } : work.next()
          if (done === true) resolve(value)
          return done === true
        } catch (error) {
          reject(error)
          return true
        }
      }
      turns.push({ step, isUrgent })
      this.running ??= this.run()
    })
  }

  private async run(): Promise<void> {
    // Never within the call that asked for the work.
    await setImmediate()
    let wasAhead = false
    for (;;) {
      const turns = this.next(wasAhead)
      const [turn] = turns
      if (turn === undefined) break
      const end = performance.now() + SLICE
      let isDone = turn.step()
      while (!isDone && performance.now() < end) isDone = turn.step()
      if (isDone) turns.shift()
      wasAhead = turns === this.ahead && isDone
      await setImmediate()
    }
    this.running = undefined
  }

  /** Whose first turn comes next; `wasAhead`: one that went ahead has just been done. */
  private next(wasAhead: boolean): Turn[] {
    const isAhead = this.ahead.length > 0 && !(wasAhead && this.waiting.length > 0)
    return isAhead ? this.ahead : this.waiting
  }
}
