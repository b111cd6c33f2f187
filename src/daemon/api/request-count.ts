const WINDOW_MS = 1_000
/** Clients remembered; beyond that the ones that came first are forgotten. */
const MOST_CLIENTS = 5_000

/** How many requests each client makes in a second, in bounded memory. */
export class RequestCount {
  private readonly clients = new Map<string, { since: number; requests: number }>()
  private readonly most: number

  /** @param most requests of one client in a second */
  constructor(most: number) {
    this.most = most
  }

  /** False: too many. `now` in milliseconds, of a clock that is never set. */
  admit(client: string, now = performance.now()): boolean {
    const known = this.clients.get(client)
    if (known !== undefined && now - known.since < WINDOW_MS) {
      if (known.requests >= this.most) return false
      known.requests++
      return true
    }
    this.clients.delete(client)
    this.clients.set(client, { since: now, requests: 1 })
    if (this.clients.size > MOST_CLIENTS) this.clients.delete(this.clients.keys().next().value!)
    return true
  }
}
