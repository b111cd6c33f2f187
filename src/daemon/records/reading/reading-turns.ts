import { fail } from '../../../base/errors.ts'

/** Readings that run or wait: of all, and of one asker. */
const MOST = 32
const MOST_OF_ONE = 8

/** Long readings one at a time, so that however many are asked for, the program is held up by one portion of one. */
export class ReadingTurns {
  private readonly askers: string[] = []
  private last: Promise<unknown> = Promise.resolve()

  /** Reads when its turn has come; rejects as `read` does, or at once with `api.rate` where too many wait. */
  async take<Result>(asker: string, read: () => Promise<Result>): Promise<Result> {
    const own = this.askers.filter((each) => each === asker).length
    if (this.askers.length >= MOST || own >= MOST_OF_ONE)
      fail('api.rate', 'Too many long questions wait for their answers; ask again in a second.')
    this.askers.push(asker)
    const reading = this.last.then(read)
    // Who asked hears of the failure; the next one has nothing to do with it.
    this.last = reading.catch(() => undefined)
    try {
      return await reading
    } finally {
      this.askers.splice(this.askers.indexOf(asker), 1)
    }
  }
}
