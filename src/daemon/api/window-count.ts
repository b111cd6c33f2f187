export interface WindowBounds {
  /** Of one client within a window. */
  readonly most: number
  readonly windowMs: number
  /** Clients remembered; beyond that the ones whose window began first are forgotten. */
  readonly clients: number
}

/** Counts what each client does within a window, which begins with the first of it, in bounded memory. */
export class WindowCount {
  private readonly bounds: WindowBounds
  private readonly clients = new Map<string, { since: number; count: number }>()

  constructor(bounds: WindowBounds) {
    this.bounds = bounds
  }

  /** `now` in milliseconds, of a clock that is never set. */
  isFull(client: string, now = performance.now()): boolean {
    const known = this.clients.get(client)
    return known !== undefined && now - known.since < this.bounds.windowMs && known.count >= this.bounds.most
  }

  add(client: string, now = performance.now()): void {
    const known = this.clients.get(client)
    if (known !== undefined && now - known.since < this.bounds.windowMs) {
      known.count++
      return
    }
    this.clients.delete(client)
    this.clients.set(client, { since: now, count: 1 })
    if (this.clients.size > this.bounds.clients) this.clients.delete(this.clients.keys().next().value!)
  }
}
