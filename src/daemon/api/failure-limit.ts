const WINDOW_MS = 60_000
const MOST_FAILURES = 20
/** Clients remembered; beyond that the ones that failed first are forgotten. */
const MOST_CLIENTS = 10_000

/**
 * Counts wrong keys by client, in bounded memory: whoever sends many is told to wait. It keeps nobody from guessing on,
 * since a right key gets in meanwhile; what protects keys is that verify admits none that is easy to guess.
 */
export class FailureLimit {
  private readonly clients = new Map<string, { since: number; failures: number }>()

  isExceeded(client: string, now = Date.now()): boolean {
    const entry = this.clients.get(client)
    if (entry === undefined) return false
    if (now - entry.since >= WINDOW_MS || now < entry.since) {
      this.clients.delete(client)
      return false
    }
    return entry.failures >= MOST_FAILURES
  }

  count(client: string, now = Date.now()): void {
    const entry = this.clients.get(client)
    if (entry !== undefined && now - entry.since < WINDOW_MS) {
      entry.failures++
      return
    }
    this.clients.delete(client)
    this.clients.set(client, { since: now, failures: 1 })
    if (this.clients.size > MOST_CLIENTS) this.clients.delete(this.clients.keys().next().value!)
  }
}
