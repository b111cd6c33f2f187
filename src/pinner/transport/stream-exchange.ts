import { connect, isIP, type Socket } from 'node:net'
import { checkServerIdentity, connect as connectTls } from 'node:tls'
import { decodeHead, type Question } from '../../dns/message/index.ts'
import type { Limits } from '../limits.ts'
import { ExchangeError } from './datagram-pool.ts'
import { frame, Unframer } from './framing.ts'
import { answers, randomId } from './matching.ts'

export interface StreamOptions {
  readonly address: string
  readonly port: number
  readonly localAddress?: string
  /** Present: TLS; the certificate must be valid for this name and lead to one of `authorities` (PEM). */
  readonly tls?: { readonly hostname: string; readonly authorities: readonly string[] | undefined }
}

interface Pending {
  readonly question: Question
  readonly resolve: (answer: Buffer) => void
  readonly reject: (error: Error) => void
}

/**
 * Asks one server over TCP or TLS (RFC 7766, RFC 7858). One connection is kept and shared by questions, each with an
 * unpredictable id, until it is idle, fails, or holds too many.
 */
export class StreamExchange {
  private readonly options: StreamOptions
  private readonly limits: Limits
  private connection: StreamConnection | undefined

  constructor(options: StreamOptions, limits: Limits) {
    this.options = options
    this.limits = limits
  }

  async ask(query: Uint8Array, question: Question, signal: AbortSignal): Promise<Buffer> {
    const reused = this.connection?.usable === true
    try {
      return await this.open().ask(query, question, signal)
    } catch (error) {
      // The server may have closed a kept connection just as we wrote: that is no failure of the server.
      if (!reused || signal.aborted) throw error
      return await this.open().ask(query, question, signal)
    }
  }

  close(): void {
    this.connection?.close(new ExchangeError('the exchange is closed'))
  }

  private open(): StreamConnection {
    if (this.connection?.usable !== true) this.connection = new StreamConnection(this.options, this.limits)
    return this.connection
  }
}

class StreamConnection {
  private readonly socket: Socket
  private readonly options: StreamOptions
  private readonly limits: Limits
  private readonly unframer = new Unframer()
  private readonly pending = new Map<number, Pending>()
  private closed = false

  constructor(options: StreamOptions, limits: Limits) {
    this.options = options
    this.limits = limits
    this.socket = openSocket(options)
    this.socket.setNoDelay(true)
    this.socket.setTimeout(limits.streamIdleMs, () => this.close(new ExchangeError(`${options.address} was idle`)))
    this.socket.on('error', (error) => this.close(new ExchangeError(`${options.address}: ${error.message}`)))
    this.socket.on('close', () => this.close(new ExchangeError(`${options.address} closed the connection`)))
    this.socket.on('data', (chunk) => this.receive(chunk))
  }

  get usable(): boolean {
    return !this.closed && this.pending.size < this.limits.streamPipelined
  }

  async ask(query: Uint8Array, question: Question, signal: AbortSignal): Promise<Buffer> {
    signal.throwIfAborted()
    return await new Promise<Buffer>((resolve, reject) => {
      let id = randomId()
      while (this.pending.has(id)) id = randomId()
      const settle = () => {
        this.pending.delete(id)
        signal.removeEventListener('abort', abort)
      }
      const abort = () => {
        settle()
        // A connection that left a question unanswered is not trusted with the next one.
        this.close(new ExchangeError(`${this.options.address} did not answer in time`))
        reject(new ExchangeError(`${this.options.address} did not answer in time`))
      }
      signal.addEventListener('abort', abort)
      this.pending.set(id, {
        question,
        resolve: (answer) => {
          settle()
          resolve(answer)
        },
        reject: (error) => {
          settle()
          reject(error)
        },
      })
      const framed = frame(query)
      framed.writeUInt16BE(id, 2)
      this.socket.write(framed)
    })
  }

  close(reason: ExchangeError): void {
    if (this.closed) return
    this.closed = true
    this.socket.destroy()
    for (const pending of [...this.pending.values()]) pending.reject(reason)
  }

  private receive(chunk: Buffer): void {
    for (const message of this.unframer.push(chunk)) {
      const pending = message.length < 12 ? undefined : this.pending.get(message.readUInt16BE(0))
      if (pending === undefined) continue
      if (matches(message, pending.question)) pending.resolve(Buffer.from(message))
      else this.close(new ExchangeError(`${this.options.address} answered another question`))
    }
  }
}

function openSocket({ address, port, localAddress, tls }: StreamOptions): Socket {
  const place = { host: address, port, ...(localAddress === undefined ? {} : { localAddress }) }
  if (tls === undefined) return connect(place)
  return connectTls({
    ...place,
    // Server name indication takes no addresses (RFC 6066, 3); certificates may still carry them.
    servername: isIP(tls.hostname) === 0 ? tls.hostname : '',
    checkServerIdentity: (_, certificate) => checkServerIdentity(tls.hostname, certificate),
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['dot'],
    ...(tls.authorities === undefined ? {} : { ca: [...tls.authorities] }),
  })
}

function matches(message: Buffer, question: Question): boolean {
  try {
    return answers(decodeHead(message), question)
  } catch {
    return false
  }
}
