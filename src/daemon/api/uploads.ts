import { Readable } from 'node:stream'
import { fail } from '../../base/errors.ts'
import { MAX_POLICY_BYTES } from '../../policy/index.ts'
import { bounded, paced } from './body.ts'

/** Octets that are waited for before root is asked: it answers few at a time, and would wait itself for a slow sender. */
const HELD_BYTES = 1 << 20
/** In which so much must come, milliseconds. */
const PACE_MS = 20_000
/** Policies that are waited for, in all and of one key. */
const MOST_WAITED_FOR = 16
const MOST_WAITED_FOR_A_KEY = 4
/** Larger policies that go on to root as they come, fewer than it answers at a time: room is left for small ones. */
const MOST_LARGE = 2

/** A policy on its way to root. */
interface Upload {
  readonly policy: Readable
  /** To be called when it was handed over, or not. */
  readonly release: () => void
}

/** The policies that are being sent, so that slow senders hold up nobody but themselves. */
export class Uploads {
  private readonly waitedFor: string[] = []
  private readonly large = new Set<string>()
  private readonly paceMs: number

  /** @param paceMs time for a MiB to come, milliseconds */
  constructor(paceMs: number = PACE_MS) {
    this.paceMs = paceMs
  }

  /**
   * Resolves when a small policy is here whole, or when the policy has turned out to be larger; the rest of that fails
   * as this does. Throws ClawgressError `api.size`, `api.slow`, `api.rate`, `apply.busy`.
   * @param holder whose key it was sent with
   */
  async receive(holder: string, source: Readable): Promise<Upload> {
    const ofHolder = this.waitedFor.filter((each) => each === holder).length
    if (this.waitedFor.length >= MOST_WAITED_FOR || ofHolder >= MOST_WAITED_FOR_A_KEY)
      fail('api.rate', 'Too many policies are being sent at once; wait for the answers.')
    const parts = paced(bounded(source, MAX_POLICY_BYTES), HELD_BYTES, this.paceMs)
    const held: Buffer[] = []
    this.waitedFor.push(holder)
    try {
      for (let size = 0; size < HELD_BYTES; size += held.at(-1)!.length) {
        const { done, value } = await parts.next()
        if (done === true) return { policy: Readable.from(held), release: () => {} }
        held.push(value)
      }
    } finally {
      this.waitedFor.splice(this.waitedFor.indexOf(holder), 1)
    }
    if (this.large.size >= MOST_LARGE || this.large.has(holder))
      fail('apply.busy', 'Another large policy is being sent; try again when it is here.')
    this.large.add(holder)
    return { policy: Readable.from(joined(held, parts)), release: () => this.large.delete(holder) }
  }
}

async function* joined(held: Buffer[], rest: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  while (held.length > 0) yield held.shift()!
  yield* rest
}
