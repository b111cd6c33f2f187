import {
  CLASS_IN,
  decodeMessage,
  encodeMessage,
  type Message,
  type Question,
  queryMessage,
  RCODE,
  responseTo,
} from '../../dns/message/index.ts'
import type { NameServer } from '../../plan/types.ts'
import type { Limits } from '../limits.ts'
import type { Counters } from '../metrics.ts'
import type { Incoming } from '../transport/listener.ts'
import { certificateAuthorities } from './authorities.ts'
import { isConclusive, type ServerHealth, TOO_LATE, UpstreamServer } from './name-server.ts'

/** Large enough for nearly every answer, small enough not to be fragmented on the way (DNS flag day 2020). */
const UDP_SIZE = 1_232
const COOKIE_OPTION = 10

/**
 * Carries the questions of named's resolver view to the configured name-servers, over what the configuration says each
 * speaks. The first healthy one is asked; where it is slow or fails, the next beside it; the first conclusive answer
 * counts. Answers are matched to questions by source, port, id, name, type and class before they are believed.
 */
export class UpstreamSide {
  private readonly limits: Limits
  private readonly counters: Counters
  private servers: UpstreamServer[] = []

  constructor(limits: Limits, counters: Counters) {
    this.limits = limits
    this.counters = counters
  }

  get health(): ServerHealth[] {
    return this.servers.map((each) => each.health)
  }

  /** Goes over to other name-servers; those that stay keep their connections, and open questions their server. */
  use(nameServers: readonly NameServer[]): void {
    const key = (server: NameServer) => JSON.stringify([server.address, server.port, server.tlsHostname])
    const known = new Map(this.servers.map((each) => [key(each.server), each]))
    const authorities = nameServers.some((each) => each.tlsHostname !== undefined)
      ? certificateAuthorities()
      : undefined
    this.servers = nameServers.map((server) => {
      const kept = known.get(key(server))
      known.delete(key(server))
      return kept ?? new UpstreamServer(server, this.limits, authorities)
    })
    for (const gone of known.values()) setTimeout(() => gone.close(), this.limits.answerDeadlineMs).unref()
  }

  /** Takes one message of named's resolver view. Never throws. */
  take(incoming: Incoming): void {
    let query: Message
    try {
      query = decodeMessage(incoming.bytes)
    } catch {
      return
    }
    const [question] = query.questions
    if (query.response || query.opcode !== 0 || query.questions.length !== 1) return
    if (question!.class !== CLASS_IN) {
      incoming.reply(encodeMessage(responseTo(query, RCODE.REFUSED)))
      return
    }
    this.counters.upstreamQueries++
    this.relay(query, question!, incoming.stream).then(
      (answer) => {
        const bytes = Buffer.from(answer)
        bytes.writeUInt16BE(query.id, 0)
        incoming.reply(fits(bytes, query, incoming.stream) ? bytes : truncated(query))
      },
      () => {
        this.counters.upstreamTrouble++
        incoming.reply(encodeMessage(responseTo(query, RCODE.SERVFAIL)))
      },
    )
  }

  close(): void {
    for (const server of this.servers) server.close()
  }

  private async relay(query: Message, question: Question, viaStream: boolean): Promise<Buffer> {
    const stop = new AbortController()
    const timer = setTimeout(() => stop.abort(TOO_LATE), this.limits.upstreamDeadlineMs)
    try {
      return await this.race(relayed(query, question), question, viaStream, stop.signal)
    } finally {
      clearTimeout(timer)
      stop.abort()
    }
  }

  /** Starts one server after the other until one answers conclusively; an inconclusive answer is better than none. */
  private race(query: Uint8Array, question: Question, viaStream: boolean, signal: AbortSignal): Promise<Buffer> {
    const order = [...this.servers.filter((each) => each.healthy), ...this.servers.filter((each) => !each.healthy)]
    // A single server is asked twice: one lost datagram is no failure.
    const attempts = order.length === 1 ? [order[0]!, order[0]!] : order
    return new Promise((resolve, reject) => {
      let started = 0
      let running = 0
      let spare: Buffer | undefined
      let hedge: NodeJS.Timeout | undefined
      const next = () => {
        clearTimeout(hedge)
        const server = attempts[started]
        if (server === undefined || signal.aborted) {
          if (running > 0) return
          if (spare === undefined) reject(new Error('no name-server gave an answer'))
          else resolve(spare)
          return
        }
        started++
        running++
        if (started < attempts.length) hedge = setTimeout(next, this.limits.upstreamHedgeMs)
        server.ask(query, question, viaStream, signal).then(
          (answer) => {
            running--
            if (isConclusive(answer)) {
              clearTimeout(hedge)
              resolve(answer)
              return
            }
            spare = answer
            next()
          },
          () => {
            running--
            next()
          },
        )
      }
      next()
    })
  }
}

/** The same question with our own EDNS: named's cookies are for us, and its size is for loopback. */
function relayed(query: Message, question: Question): Buffer {
  const message = queryMessage(0, question)
  const { edns, checkingDisabled, authenticData } = query
  const options = edns?.options.filter((option) => option.code !== COOKIE_OPTION) ?? []
  const ours = edns === undefined ? {} : { edns: { ...edns, udpSize: UDP_SIZE, options } }
  return encodeMessage({ ...message, checkingDisabled, authenticData, ...ours })
}

const fits = (answer: Buffer, query: Message, stream: boolean): boolean =>
  stream || answer.length <= Math.max(512, query.edns?.udpSize ?? 512)

const truncated = (query: Message): Buffer => encodeMessage({ ...responseTo(query, RCODE.NOERROR), truncated: true })
