import { malformed } from './error.ts'
import { readName } from './name.ts'

/** Walks over the octets of a message; every read is bounded by `end`. */
export class Reader {
  readonly bytes: Uint8Array
  at: number
  end: number
  private readonly view: DataView

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.at = 0
    this.end = bytes.length
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  private take(length: number): number {
    const start = this.at
    if (length < 0 || start + length > this.end) malformed('the message ends in the middle of a field')
    this.at = start + length
    return start
  }

  u8(): number {
    return this.bytes[this.take(1)]!
  }

  u16(): number {
    return this.view.getUint16(this.take(2))
  }

  u32(): number {
    return this.view.getUint32(this.take(4))
  }

  /** A copy, so that nothing of a large message outlives it by accident. */
  octets(length: number): Uint8Array {
    const start = this.take(length)
    return new Uint8Array(this.bytes.subarray(start, start + length))
  }

  rest(): Uint8Array {
    return this.octets(this.end - this.at)
  }

  /** A name that starts and, but for pointers, ends inside the bounds. */
  name(pointers = true): string {
    if (this.at >= this.end) malformed('the message ends where a name should be')
    const { name, next } = readName(this.bytes, this.at, pointers)
    if (next > this.end) malformed('a name runs past the end of its record')
    this.at = next
    return name
  }
}
