import type { ServerResponse } from 'node:http'
import type { AnyRecord } from '../records/kinds/record-kinds.ts'

const BEAT_MS = 15_000
/** Between questions whether the reader still may read. */
const ADMISSION_MS = 1_000
/** Octets that may wait for a reader; what comes on top is counted and left out. */
const MAX_WAITING = 1 << 20

/** Records as server-sent events (WHATWG HTML, section 9.2). */
export class RecordStream {
  private readonly response: ServerResponse
  private omitted = 0

  /** `mayGoOn` is asked every second: a key that was taken away, or whose time is over, ends its streams. */
  constructor(response: ServerResponse, mayGoOn: () => boolean, onClose: () => void) {
    this.response = response
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      // Proxies hold back what they can.
      'x-accel-buffering': 'no',
    })
    response.write(': open\n\n')
    const beat = setInterval(() => this.breathe(), BEAT_MS)
    const admission = setInterval(() => {
      if (!mayGoOn()) this.close()
    }, ADMISSION_MS)
    response.once('close', () => {
      clearInterval(beat)
      clearInterval(admission)
      onClose()
    })
  }

  send(record: AnyRecord): void {
    if (this.response.writableLength > MAX_WAITING) {
      this.omitted++
      return
    }
    this.tellOmitted()
    this.response.write(`event: record\ndata: ${JSON.stringify(record)}\n\n`)
  }

  close(): void {
    this.response.end()
  }

  private breathe(): void {
    if (this.response.writableLength > MAX_WAITING) return
    this.tellOmitted()
    this.response.write(': still here\n\n')
  }

  private tellOmitted(): void {
    if (this.omitted === 0) return
    this.response.write(`event: omitted\ndata: ${this.omitted}\n\n`)
    this.omitted = 0
  }
}
