import type { ServerResponse } from 'node:http'
import type { AnyRecord } from '../records/kinds/record-kinds.ts'

const BEAT_MS = 15_000
/** Between questions whether the reader still may read. */
const ADMISSION_MS = 1_000
/** Octets that may wait for a reader; what comes on top is counted and left out. */
const MAX_WAITING = 1 << 20
/** Beats at which so much waited; a reader that takes nothing for so long has gone. */
const MOST_STALLED = 4
/** For a reader to take what is left, once its stream has ended. */
const CLOSE_MS = 2_000

/** Records as server-sent events (WHATWG HTML, section 9.2). */
export class RecordStream {
  private readonly response: ServerResponse
  private readonly onClose: () => void
  private readonly timers: readonly NodeJS.Timeout[]
  private isClosed = false
  private omitted = 0
  private stalled = 0

  /** `mayGoOn` is asked every second: a key that was taken away, or whose time is over, ends its streams. */
  constructor(response: ServerResponse, mayGoOn: () => boolean, onClose: () => void) {
    this.response = response
    this.onClose = onClose
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      // Proxies hold back what they can.
      'x-accel-buffering': 'no',
    })
    response.write(': open\n\n')
    this.timers = [
      setInterval(() => this.breathe(), BEAT_MS),
      setInterval(() => {
        if (!mayGoOn()) this.close()
      }, ADMISSION_MS),
    ]
    response.once('close', () => this.close())
    // Whoever has left by now is told of once only.
    if (response.destroyed) setImmediate(() => this.close())
  }

  send(record: AnyRecord): void {
    if (this.isClosed) return
    if (this.response.writableLength > MAX_WAITING) {
      this.omitted++
      return
    }
    this.tellOmitted()
    this.response.write(`event: record\ndata: ${JSON.stringify(record)}\n\n`)
  }

  /** Nothing is sent from now on. */
  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    for (const timer of this.timers) clearInterval(timer)
    this.onClose()
    const { response } = this
    response.end()
    const late = setTimeout(() => response.destroy(), CLOSE_MS)
    response.once('close', () => clearTimeout(late))
  }

  private breathe(): void {
    this.stalled = this.response.writableLength > MAX_WAITING ? this.stalled + 1 : 0
    if (this.stalled >= MOST_STALLED) this.response.destroy()
    if (this.stalled > 0) return
    this.tellOmitted()
    this.response.write(': still here\n\n')
  }

  private tellOmitted(): void {
    if (this.omitted === 0) return
    this.response.write(`event: omitted\ndata: ${this.omitted}\n\n`)
    this.omitted = 0
  }
}
