import { createSocket, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { decodeHead, type Question } from '../../dns/message/index.ts'
import { answers, randomId } from './matching.ts'

/** Nothing usable came back: who was asked and what happened. */
export class ExchangeError extends Error {
  override readonly name = 'ExchangeError'
}

interface Pending {
  readonly question: Question
  readonly resolve: (answer: Buffer) => void
  readonly reject: (error: Error) => void
}

interface Channel {
  readonly socket: Socket
  readonly pending: Map<number, Pending>
  readonly ready: Promise<void>
  uses: number
  /** Questions that were given the socket and have not been settled, sent or not. */
  open: number
  retired: boolean
  closed: boolean
}

const RECEIVE_BUFFER = 4 << 20

export interface DatagramPoolOptions {
  readonly address: string
  readonly port: number
  readonly localAddress?: string
  /** Sockets to choose from at random. */
  readonly channels: number
  /** Questions a socket carries before another with another port takes its place. 1: a port for every question. */
  readonly usesPerSocket: number
}

/**
 * Asks one server over UDP, each question with an unpredictable id over one of several sockets with unpredictable
 * ports. Sockets are connected: the kernel drops what others send, and a dead server is known at once.
 */
export class DatagramPool {
  private readonly options: DatagramPoolOptions
  private readonly channels: (Channel | undefined)[]
  private closed = false

  constructor(options: DatagramPoolOptions) {
    this.options = options
    this.channels = new Array<Channel | undefined>(options.channels).fill(undefined)
  }

  /** Sends the query under an id of its own; resolves with the answer that matches it, id of the wire included. */
  async ask(query: Uint8Array, question: Question, signal: AbortSignal): Promise<Buffer> {
    if (this.closed) throw new ExchangeError('the exchange is closed')
    const channel = this.channel()
    try {
      await channel.ready
      if (signal.aborted) throw new ExchangeError(`${this.options.address} was not asked in time`)
      return await this.exchange(channel, query, question, signal)
    } finally {
      channel.open--
      closeIfDone(channel)
    }
  }

  close(): void {
    this.closed = true
    for (const channel of this.channels) {
      if (channel === undefined || channel.retired) continue
      channel.retired = true
      this.fail(channel, new ExchangeError('the exchange is closed'))
      closeIfDone(channel)
    }
  }

  private exchange(channel: Channel, query: Uint8Array, question: Question, signal: AbortSignal): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const id = unusedId(channel.pending)
      const settle = () => {
        channel.pending.delete(id)
        signal.removeEventListener('abort', abort)
      }
      const abort = () => {
        settle()
        reject(new ExchangeError(`${this.options.address} did not answer in time`))
      }
      signal.addEventListener('abort', abort)
      channel.pending.set(id, {
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
      const bytes = Buffer.from(query)
      bytes.writeUInt16BE(id, 0)
      channel.socket.send(bytes, (error) => {
        if (error !== null) this.fail(channel, error)
      })
    })
  }

  private channel(): Channel {
    const place = this.channels.length === 1 ? 0 : randomId() % this.channels.length
    const channel = this.channels[place] ?? this.open(place)
    channel.open++
    if (++channel.uses >= this.options.usesPerSocket) {
      channel.retired = true
      this.channels[place] = undefined
    }
    return channel
  }

  private open(place: number): Channel {
    const { address, port, localAddress } = this.options
    const socket = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4', lookup: literal })
    const pending = new Map<number, Pending>()
    const ready = new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind({ port: 0, ...(localAddress === undefined ? {} : { address: localAddress }) }, () => {
        socket.connect(port, address, () => {
          socket.off('error', reject)
          setReceiveBuffer(socket)
          resolve()
        })
      })
    })
    const channel: Channel = { socket, pending, ready, uses: 0, open: 0, retired: false, closed: false }
    ready.catch(() => this.drop(place, channel))
    socket.on('error', (error) => {
      this.drop(place, channel)
      this.fail(channel, error)
    })
    socket.on('message', (bytes) => receive(channel, bytes))
    this.channels[place] = channel
    return channel
  }

  private drop(place: number, channel: Channel): void {
    if (this.channels[place] === channel) this.channels[place] = undefined
    channel.retired = true
  }

  private fail(channel: Channel, error: Error): void {
    const reason = new ExchangeError(`${this.options.address}: ${error.message}`)
    for (const pending of [...channel.pending.values()]) pending.reject(reason)
  }
}

/** A socket that takes no more questions is closed when the last has been settled. */
function closeIfDone(channel: Channel): void {
  if (!channel.retired || channel.open > 0 || channel.closed) return
  channel.closed = true
  channel.socket.close()
}

/** Addresses are literals; Node would take a thread for looking them up. */
function literal(
  hostname: string,
  _options: unknown,
  done: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  done(null, hostname, isIPv6(hostname) ? 6 : 4)
}

function setReceiveBuffer(socket: Socket): void {
  try {
    socket.setRecvBufferSize(RECEIVE_BUFFER)
  } catch {
    // The kernel's own size stays.
  }
}

function unusedId(pending: ReadonlyMap<number, unknown>): number {
  for (;;) {
    const id = randomId()
    if (!pending.has(id)) return id
  }
}

function receive(channel: Channel, bytes: Buffer): void {
  if (bytes.length < 12) return
  const pending = channel.pending.get(bytes.readUInt16BE(0))
  if (pending === undefined) return
  try {
    if (answers(decodeHead(bytes), pending.question)) pending.resolve(bytes)
  } catch {
    // A malformed answer is none; the true one may still come.
  }
}
