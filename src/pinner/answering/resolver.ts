import { ENDPOINTS } from '../../base/endpoints.ts'
import {
  decodeMessage,
  type Edns,
  encodeMessage,
  type Message,
  type Question,
  queryMessage,
} from '../../dns/message/index.ts'
import type { Limits } from '../limits.ts'
import { DatagramPool } from '../transport/datagram-pool.ts'
import { StreamExchange } from '../transport/stream-exchange.ts'

const UDP_SIZE = 4_096
const CHANNELS = 16
const USES_PER_SOCKET = 256

/**
 * named's resolver view, which is chosen by the source address. Checking is never disabled, so it always validates
 * DNSSEC: what does not validate is an error here, whatever the client asked for.
 */
export class Resolver {
  private readonly datagrams: DatagramPool
  private readonly stream: StreamExchange
  private readonly limits: Limits

  constructor(limits: Limits) {
    const server = { address: '127.0.0.1', port: ENDPOINTS.namedPort, localAddress: ENDPOINTS.resolverSource }
    this.datagrams = new DatagramPool({ ...server, channels: CHANNELS, usesPerSocket: USES_PER_SOCKET })
    this.stream = new StreamExchange(server, limits)
    this.limits = limits
  }

  /** Over UDP, twice where the first gets lost; over TCP where the answer does not fit. Rejects on any trouble. */
  async ask(question: Question, dnssecOk: boolean, signal: AbortSignal): Promise<Message> {
    const edns: Edns = { udpSize: UDP_SIZE, version: 0, dnssecOk, options: [] }
    const query = encodeMessage(queryMessage(0, question, edns))
    const bytes = await this.askDatagram(query, question, signal)
    const message = decodeMessage(bytes)
    if (!message.truncated) return message
    return decodeMessage(await this.stream.ask(query, question, signal))
  }

  close(): void {
    this.datagrams.close()
    this.stream.close()
  }

  private async askDatagram(query: Uint8Array, question: Question, signal: AbortSignal): Promise<Buffer> {
    const done = new AbortController()
    const either = AbortSignal.any([signal, done.signal])
    try {
      const first = this.datagrams.ask(query, question, either)
      if (await settles(first, this.limits.resolverRetryMs)) return await first
      // Heard below, unless the second question throws before.
      first.catch(() => undefined)
      return await Promise.any([first, this.datagrams.ask(query, question, either)])
    } finally {
      done.abort()
    }
  }
}

/** Does the promise settle within the time? */
async function settles(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms)
  })
  const settled = promise.then(
    () => true,
    () => true,
  )
  const inTime = await Promise.race([settled, late])
  clearTimeout(timer)
  return inTime
}
