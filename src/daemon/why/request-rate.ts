/** Requests that a client may make at once, and how many come back in a second. */
const BURST = 20
const PER_SECOND = 5
/** Clients remembered; beyond that those that asked first are forgotten. */
const MOST_CLIENTS = 10_000

interface Bucket {
  left: number
  at: number
}

/** How often each client may ask, in bounded memory. */
export class RequestRate {
  private readonly buckets = new Map<string, Bucket>()

  /** False: too often. `now` in milliseconds, of a clock that is never set. */
  admit(client: string, now = performance.now()): boolean {
    const known = this.buckets.get(client)
    const left = known === undefined ? BURST : Math.min(BURST, known.left + ((now - known.at) / 1000) * PER_SECOND)
    this.buckets.delete(client)
    this.buckets.set(client, { left: left < 1 ? left : left - 1, at: now })
    if (this.buckets.size > MOST_CLIENTS) this.buckets.delete(this.buckets.keys().next().value!)
    return left >= 1
  }
}
