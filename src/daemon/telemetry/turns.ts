import { setImmediate } from 'node:timers/promises'

/** Milliseconds that long work may hold up the program at a time, unless one piece of it takes longer. */
const SLICE = 10

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
  private running: Promise<void> | undefined

  /**
   * A function is work in one piece. `isUrgent`: what is left of it is done by `finishUrgent`. Rejects with what the
   * work throws.
   */
  take<Result>(work: Work<Result> | (() => Result), isUrgent = false): Promise<Result> {
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
      this.waiting.push({ step, isUrgent })
      this.running ??= this.run()
    })
  }

  /** Resolves when nothing waits. */
  async settled(): Promise<void> {
    await this.running
  }

  /** Does all urgent work at once, and drops the rest: its promises stay open. */
  finishUrgent(): void {
    for (const { step } of this.waiting.splice(0).filter(({ isUrgent }) => isUrgent)) while (!step());
  }

  private async run(): Promise<void> {
    // Never within the call that asked for the work.
    await setImmediate()
    for (let turn = this.waiting[0]; turn !== undefined; turn = this.waiting[0]) {
      const end = performance.now() + SLICE
      let isDone = turn.step()
      while (!isDone && performance.now() < end) isDone = turn.step()
      if (isDone) this.waiting.shift()
      await setImmediate()
    }
    this.running = undefined
  }
}
