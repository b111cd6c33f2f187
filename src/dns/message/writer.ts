import { malformed } from './error.ts'
import { labelTexts, nameLabels } from './name.ts'

/** Largest offset that a compression pointer can hold (RFC 1035, 4.1.4). */
const MAX_POINTER = 0x3fff
const MAX_MESSAGE = 65_535

/** Grows a message octet by octet and remembers where names stand, for compression. */
export class Writer {
  private buffer = Buffer.allocUnsafe(512)
  private length = 0
  private readonly suffixes = new Map<string, number>()

  get size(): number {
    return this.length
  }

  bytes(): Buffer {
    return this.buffer.subarray(0, this.length)
  }

  /** Makes room and returns its offset; may replace the buffer, so call it first. */
  private room(octets: number): number {
    const start = this.length
    const end = start + octets
    if (end > MAX_MESSAGE) malformed('the message would be longer than 65535 octets')
    if (end > this.buffer.length) {
      const grown = Buffer.allocUnsafe(Math.min(MAX_MESSAGE, Math.max(end, this.buffer.length * 2)))
      this.buffer.copy(grown, 0, 0, start)
      this.buffer = grown
    }
    this.length = end
    return start
  }

  u8(value: number): void {
    const at = this.room(1)
    this.buffer[at] = within(value, 0xff)
  }

  u16(value: number): void {
    const at = this.room(2)
    this.buffer.writeUInt16BE(within(value, 0xffff), at)
  }

  u32(value: number): void {
    const at = this.room(4)
    this.buffer.writeUInt32BE(within(value, 0xffff_ffff), at)
  }

  octets(value: Uint8Array): void {
    const at = this.room(value.length)
    this.buffer.set(value, at)
  }

  /** Suffixes are shared only where their case is the same, so that case survives. */
  name(name: string, compress: boolean): void {
    const labels = nameLabels(name)
    const texts = labelTexts(name)
    for (let i = 0; i < labels.length; i++) {
      const suffix = texts.slice(i).join('.')
      const known = this.suffixes.get(suffix)
      if (compress && known !== undefined) {
        this.u16(0xc000 | known)
        return
      }
      if (known === undefined && this.length <= MAX_POINTER) this.suffixes.set(suffix, this.length)
      this.u8(labels[i]!.length)
      this.octets(labels[i]!)
    }
    this.u8(0)
  }

  /** Writes what `body` writes behind its length in 16 bits. */
  sized(body: () => void): void {
    const at = this.room(2)
    body()
    this.buffer.writeUInt16BE(this.length - at - 2, at)
  }
}

function within(value: number, max: number): number {
  if (!Number.isInteger(value) || value < 0 || value > max) malformed(`the value ${value} does not fit its field`)
  return value
}
