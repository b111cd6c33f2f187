import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

/** Octets that are parsed at once where requests may stand: whatever they hold, others' turns are not far. */
const HEAD_PIECE = 1 << 10
/** The same within a body that does not say how long it is. */
const CHUNKED_PIECE = 4 << 10
/** For the other side to read the last answer, before what it still sends makes the system take it back (RFC 9112 section 9.6). */
const LINGER_MS = 1_000

/**
 * A connection as the server of HTTP reads and writes it. Node parses all that one read brought, 64 KiB, before anything
 * else may run, and waits for ever for a reader. Here input is parsed in pieces, a request that does not wait for the
 * answer to the one before ends the connection (RFC 9112 section 9.3.2 leaves pipelining to the server), and so does a
 * part of an answer that is not taken within `stallMs` milliseconds.
 */
export class Connection extends Duplex {
  private readonly raw: Socket
  private readonly stallMs: number
  private waiting: Buffer | undefined
  private isWanted = false
  private answer: ServerResponse | undefined
  /** Of the body of the request that is being received; infinite where it does not say. */
  private bodyLeft = 0
  private isEnding = false
  private lingering: NodeJS.Timeout | undefined

  constructor(raw: Socket, stallMs: number) {
    // What was pushed cannot be held back any more.
    super({ decodeStrings: false, readableHighWaterMark: 1 })
    this.raw = raw
    this.stallMs = stallMs
    raw.on('data', (part: Buffer) => this.receive(part))
    raw.on('end', () => (this.isEnding ? this.destroy() : this.push(null)))
    raw.on('timeout', () => this.emit('timeout'))
    raw.on('error', (error) => this.destroy(error))
    raw.on('close', () => this.destroy())
  }

  get remoteAddress(): string | undefined {
    return this.raw.remoteAddress
  }

  /** As of a socket; the server ends connections with it that ask nothing. */
  setTimeout(ms: number): this {
    this.raw.setTimeout(ms)
    return this
  }

  /** Ends the connection when all is written; what comes of a body that nobody waits for is thrown away. */
  destroySoon(): void {
    this.isEnding = true
    this.waiting = undefined
    this.raw.resume()
    const end = () => {
      if (this.bodyLeft > 0) this.lingering = setTimeout(() => this.destroy(), LINGER_MS)
      else this.destroy()
    }
    if (this.writableFinished) end()
    else this.once('finish', end)
    this.end()
  }

  /** To be told of every request. False: it came too early, and the connection is gone. */
  begin({ headers }: IncomingMessage, answer: ServerResponse): boolean {
    if (this.answer !== undefined) {
      this.destroy()
      return false
    }
    this.answer = answer
    const { 'content-length': length = 0, 'transfer-encoding': coding } = headers
    this.bodyLeft = coding === undefined ? Number(length) : Number.POSITIVE_INFINITY
    answer.req.once('end', () => {
      if (this.answer === answer) this.bodyLeft = 0
      this.pass()
    })
    answer.once('close', () => {
      this.answer = undefined
      this.pass()
    })
    return true
  }

  override _read(): void {
    this.isWanted = true
    this.pass()
  }

  override _write(part: Buffer | string, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.raw.write(part, encoding, this.within(done))
  }

  override _final(done: (error?: Error | null) => void): void {
    this.raw.end(this.within(done))
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.waiting = undefined
    clearTimeout(this.lingering)
    this.raw.destroy()
    done(error)
  }

  private within(done: (error?: Error | null) => void): (error?: Error | null) => void {
    const late = setTimeout(() => this.destroy(), this.stallMs)
    return (error) => {
      clearTimeout(late)
      done(error)
    }
  }

  private receive(part: Buffer): void {
    if (this.isEnding) return
    this.raw.pause()
    this.waiting = part
    this.pass()
  }

  private pass(): void {
    const { waiting, answer, bodyLeft } = this
    if (waiting === undefined || this.destroyed) return
    if (answer !== undefined && bodyLeft <= 0) {
      // What was answered may still be on its way out: then the next request is just quick.
      if (!answer.writableEnded) this.destroy()
      return
    }
    if (!this.isWanted) return
    this.isWanted = false
    const most = bodyLeft === Number.POSITIVE_INFINITY ? CHUNKED_PIECE : Math.max(HEAD_PIECE, bodyLeft)
    const piece = waiting.subarray(0, most)
    this.waiting = waiting.length > most ? waiting.subarray(most) : undefined
    this.bodyLeft = Math.max(0, bodyLeft - piece.length)
    if (this.waiting === undefined) this.raw.resume()
    this.push(piece)
  }
}
