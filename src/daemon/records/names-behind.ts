import { Recent } from './reading/recent.ts'

/** A name that an address is open through, for one group (its name). */
export interface KnownName {
  readonly group: string
  readonly name: string
}

/** Asks for the names that addresses are known by; addresses without one are left out. */
export type LookUpNames = (addresses: readonly string[]) => Promise<ReadonlyMap<string, readonly KnownName[]>>

const BATCH = 500
const REMEMBER = 10_000
const LIMIT = 20_000

/**
 * Which name an address is known by, as far as the pinner tells in time. Nobody waits for it: `want` asks, `get` gives
 * what has come. One question at a time, bounded; under a flood some records go without a name.
 */
export class NamesBehind {
  private readonly lookUp: LookUpNames
  private readonly monotonic: () => number
  private known = new Recent<readonly KnownName[]>(REMEMBER, LIMIT)
  private wanted = new Set<string>()
  private isAsking = false

  /** `monotonic`: milliseconds of a clock that is never set. */
  constructor(lookUp: LookUpNames, monotonic: () => number = () => performance.now()) {
    this.lookUp = lookUp
    this.monotonic = monotonic
  }

  want(address: string): void {
    if (this.wanted.size >= BATCH || this.isAnswered(address)) return
    this.wanted.add(address)
  }

  /** True once the pinner has answered in the last seconds. */
  isAnswered(address: string): boolean {
    return this.known.get(address, this.monotonic()) !== undefined
  }

  /**
   * The one name that leads there. An address that several names lead to gets none: which of them was meant cannot be
   * known, and a wrong name in a record is worse than none.
   */
  get(address: string): string | undefined {
    const names = this.all(address)
    return names.length === 1 ? names[0] : undefined
  }

  /** Every name that leads there, for one group or for any. */
  all(address: string, group?: string): readonly string[] {
    const found = this.known.get(address, this.monotonic()) ?? []
    return [...new Set(found.filter((each) => group === undefined || each.group === group).map(({ name }) => name))]
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
        const now = this.monotonic()
        for (const address of addresses) this.known.set(address, names.get(address) ?? [], now)
      })
      // The pinner is down or slow: records go without a name, and the next line asks again.
      .catch(() => undefined)
      .finally(() => {
        this.isAsking = false
      })
  }
}
