import { decodeHead, type Question, RCODE } from '../../dns/message/index.ts'
import type { NameServer } from '../../plan/types.ts'
import { monotonicMs } from '../clock.ts'
import type { Limits } from '../limits.ts'
import { DatagramPool } from '../transport/datagram-pool.ts'
import { StreamExchange } from '../transport/stream-exchange.ts'

export interface ServerHealth {
  readonly address: string
  readonly port: number
  readonly tlsHostname?: string
  readonly healthy: boolean
  readonly asked: number
  readonly failed: number
  /** Since it answered last. */
  readonly failuresInRow: number
  readonly lastError?: string
}

/** Answer codes that say something about the name; with others another server may do better. */
const CONCLUSIVE: ReadonlySet<number> = new Set([RCODE.NOERROR, RCODE.NXDOMAIN])

/** One configured name-server: asked over TLS only, or over UDP and, where the answer is cut, TCP. */
export class UpstreamServer {
  readonly server: NameServer
  private readonly datagrams: DatagramPool
  private readonly stream: StreamExchange
  private readonly limits: Limits
  private asked = 0
  private failed = 0
  private failuresInRow = 0
  private backOffUntil = 0
  private lastError: string | undefined

  constructor(server: NameServer, limits: Limits, authorities: readonly string[] | undefined) {
    const { address, port, tlsHostname } = server
    this.server = server
    this.limits = limits
    this.datagrams = new DatagramPool({ address, port, channels: 1, usesPerSocket: 1 })
    const tls = tlsHostname === undefined ? {} : { tls: { hostname: tlsHostname, authorities } }
    this.stream = new StreamExchange({ address, port, ...tls }, limits)
  }

  get healthy(): boolean {
    return monotonicMs() >= this.backOffUntil
  }

  get health(): ServerHealth {
    const { asked, failed, failuresInRow, healthy, lastError } = this
    return { ...this.server, healthy, asked, failed, failuresInRow, ...(lastError === undefined ? {} : { lastError }) }
  }

  /** Resolves with an answer to the question, whatever its code; rejects where none came. */
  async ask(query: Uint8Array, question: Question, viaStream: boolean, signal: AbortSignal): Promise<Buffer> {
    this.asked++
    try {
      const answer = await this.exchange(query, question, viaStream, signal)
      this.failuresInRow = 0
      this.backOffUntil = 0
      return answer
    } catch (error) {
      // Another server was quicker, or the asker went away: that says nothing about this one.
      if (!signal.aborted || signal.reason === TOO_LATE) this.noteFailure(error)
      throw error
    }
  }

  close(): void {
    this.datagrams.close()
    this.stream.close()
  }

  private async exchange(
    query: Uint8Array,
    question: Question,
    viaStream: boolean,
    signal: AbortSignal,
  ): Promise<Buffer> {
    if (viaStream || this.server.tlsHostname !== undefined) return await this.stream.ask(query, question, signal)
    return await this.datagrams.ask(query, question, signal)
  }

  private noteFailure(error: unknown): void {
    this.failed++
    this.lastError = error instanceof Error ? error.message : String(error)
    const { upstreamBackoffMs, upstreamMaxBackoffMs } = this.limits
    const backOff = Math.min(upstreamMaxBackoffMs, upstreamBackoffMs * 2 ** Math.min(this.failuresInRow++, 10))
    this.backOffUntil = monotonicMs() + backOff
  }
}

/** Why a question was given up: the time was over. */
export const TOO_LATE = Symbol('too late')

export const isConclusive = (answer: Uint8Array): boolean => CONCLUSIVE.has(decodeHead(answer).rcode)
