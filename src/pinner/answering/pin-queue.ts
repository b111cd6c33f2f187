import type { PinWish, WishOutcome } from '../book/pin-batch.ts'
import type { PinStore } from '../book/pin-store.ts'

interface Waiting {
  /** Says what is needed at the moment of writing, or undefined where nothing is any more. */
  readonly wish: () => PinWish | undefined
  readonly done: (outcome: WishOutcome | 'void') => void
}

/** Lets the answers that finish in one turn of the event loop share one journal write and one kernel transaction. */
export class PinQueue {
  private readonly store: PinStore
  private waiting: Waiting[] = []

  constructor(store: PinStore) {
    this.store = store
  }

  /** Resolves when the kernel holds the addresses (or will not). `wish` is asked right before they are written. */
  pin(wish: Waiting['wish']): Promise<WishOutcome | 'void'> {
    return new Promise((done) => {
      this.waiting.push({ wish, done })
      if (this.waiting.length === 1) setImmediate(() => this.flush())
    })
  }

  private flush(): void {
    const waiting = this.waiting
    this.waiting = []
    const wishes: PinWish[] = []
    const wishing: Waiting[] = []
    for (const each of waiting) {
      const wish = each.wish()
      if (wish === undefined) each.done('void')
      else {
        wishes.push(wish)
        wishing.push(each)
      }
    }
    const outcomes = wishes.length === 0 ? [] : this.store.pin(wishes)
    outcomes.forEach((outcome, i) => {
      wishing[i]!.done(outcome)
    })
  }
}
