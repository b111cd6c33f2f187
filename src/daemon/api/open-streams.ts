import { fail } from '../../base/errors.ts'
import type { RecordStream } from './record-stream.ts'

const MAX_STREAMS = 32

/** The streams of all keys. Where there are many, each key has its share, so that one that leaks leaves room for others. */
export class OpenStreams {
  /** By whom each is held, the oldest first. */
  private readonly holders = new Map<RecordStream, string>()

  /** Ends the oldest stream of whoever holds far more than this holder. Throws `api.rate` where nobody does. */
  makeRoom(holder: string): void {
    if (this.holders.size < MAX_STREAMS) return
    const counts = new Map<string, number>()
    for (const each of this.holders.values()) counts.set(each, (counts.get(each) ?? 0) + 1)
    const [largest, most] = [...counts].reduce((one, other) => (other[1] > one[1] ? other : one))
    // Equal shares are left alone, or two keys would take the last stream from each other for ever.
    if (most <= (counts.get(holder) ?? 0) + 1) fail('api.rate', `${MAX_STREAMS} streams are open already; close one.`)
    const [oldest] = [...this.holders].find(([, each]) => each === largest)!
    oldest.close()
  }

  add(holder: string, stream: RecordStream): void {
    this.holders.set(stream, holder)
  }

  delete(stream: RecordStream): void {
    this.holders.delete(stream)
  }

  closeAll(): void {
    for (const stream of [...this.holders.keys()]) stream.close()
  }
}
