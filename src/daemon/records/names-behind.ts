import { Recent } from './recent.ts'

/** Asks for the names that addresses are known by; addresses without one are left out. */
export type LookUpNames = (addresses: readonly string[]) => Promise<ReadonlyMap<string, string>>

const BATCH = 500
const REMEMBER = 10_000
const LIMIT = 20_000

/**
 * Which name an address is known by, as far as the pinner tells in time. Nobody waits for it: `want` asks, `get` gives
 * what has come. One question at a time, bounded; under a flood some records go without a name.
 */
export class NamesBehind {
  /** Questions that failed: the pinner is down or slow. */
  failed = 0
  private readonly lookUp: LookUpNames
  private known = new Recent<string | null>(REMEMBER, LIMIT)
  private wanted = new Set<string>()
  private isAsking = false

  constructor(lookUp: LookUpNames) {
    this.lookUp = lookUp
  }

  want(address: string): void {
    if (this.wanted.size >= BATCH || this.known.get(address) !== undefined) return
    this.wanted.add(address)
  }

  get(address: string): string | undefined {
    return this.known.get(address) ?? undefined
  }

  /** The policy has changed, and with it which names lead where. */
  forget(): void {
    this.known = new Recent(REMEMBER, LIMIT)
  }

  /** Sends what is wanted, unless a question is under way. */
  ask(): void {
    if (this.isAsking || this.wanted.size === 0) return
    const addresses = [...this.wanted]
    this.wanted = new Set()
    this.isAsking = true
    this.lookUp(addresses)
      .then((names) => {
        const now = Date.now()
        for (const address of addresses) this.known.set(address, names.get(address) ?? null, now)
      })
      .catch(() => {
        this.failed++
      })
      .finally(() => {
        this.isAsking = false
      })
  }
}
