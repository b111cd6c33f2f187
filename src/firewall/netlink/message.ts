/**
 * Encoding and decoding of netlink messages (linux/netlink.h, linux/netfilter/nfnetlink.h). Headers and lengths are in
 * host order, which is little-endian on every machine this runs on; values inside netfilter attributes are big-endian.
 */

export const NLM_F_REQUEST = 0x1
export const NLM_F_ACK = 0x4
export const NLM_F_DUMP = 0x300
export const NLM_F_CREATE = 0x400

export const NLMSG_ERROR = 2
export const NLMSG_DONE = 3
export const NLMSG_OVERRUN = 4

/** nlmsghdr, and the nfgenmsg behind it in every netfilter message. */
export const HEADER_LENGTH = 16
export const NF_HEADER_LENGTH = 20

const align4 = (length: number): number => (length + 3) & ~3

/** Writes messages one after another into a buffer of fixed size; the caller sees to it that they fit. */
export class MessageWriter {
  readonly buffer: Buffer
  length = 0

  constructor(size: number) {
    this.buffer = Buffer.alloc(size)
  }

  reset(): void {
    this.length = 0
  }

  /** Begins a netfilter message; returns its start for `end`. `resource` is in host order. */
  begin(type: number, flags: number, sequence: number, family: number, resource = 0): number {
    const start = this.length
    const { buffer } = this
    buffer.writeUInt16LE(type, start + 4)
    buffer.writeUInt16LE(flags, start + 6)
    buffer.writeUInt32LE(sequence, start + 8)
    buffer.writeUInt32LE(0, start + 12)
    buffer[start + 16] = family
    buffer[start + 17] = 0
    buffer.writeUInt16BE(resource, start + 18)
    this.length = start + NF_HEADER_LENGTH
    return start
  }

  end(start: number): void {
    this.buffer.writeUInt32LE(this.length - start, start)
  }

  bytes(type: number, value: Uint8Array): void {
    const at = this.#attribute(type, value.length)
    this.buffer.set(value, at)
  }

  u32(type: number, value: number): void {
    this.buffer.writeUInt32BE(value >>> 0, this.#attribute(type, 4))
  }

  /** Up to 2^53 - 1. */
  u64(type: number, value: number): void {
    const at = this.#attribute(type, 8)
    this.buffer.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at)
    this.buffer.writeUInt32BE(value % 0x1_0000_0000, at + 4)
  }

  /** ASCII, NUL-terminated. */
  text(type: number, value: string): void {
    const at = this.#attribute(type, value.length + 1)
    this.buffer.write(value, at, 'latin1')
    this.buffer[at + value.length] = 0
  }

  /** Begins a nested attribute; returns its start for `endNest`. */
  nest(type: number): number {
    const start = this.length
    this.buffer.writeUInt16LE(type | NESTED, start + 2)
    this.length = start + 4
    return start
  }

  endNest(start: number): void {
    this.buffer.writeUInt16LE(this.length - start, start)
  }

  #attribute(type: number, length: number): number {
    const start = this.length
    this.buffer.writeUInt16LE(length + 4, start)
    this.buffer.writeUInt16LE(type, start + 2)
    this.length = start + 4 + align4(length)
    this.buffer.fill(0, start + 4 + length, this.length)
    return start + 4
  }
}

const NESTED = 0x8000
const TYPE_MASK = 0x3fff

/** A received message: its header, and where in the buffer its payload (behind nlmsghdr) lies. */
export interface Message {
  readonly type: number
  readonly flags: number
  readonly sequence: number
  readonly start: number
  readonly end: number
}

/** Messages in the first `length` octets of a datagram. Throws RangeError where a length lies. */
export function* readMessages(buffer: Buffer, length: number): Generator<Message> {
  for (let at = 0; at + HEADER_LENGTH <= length; ) {
    const size = buffer.readUInt32LE(at)
    if (size < HEADER_LENGTH || at + size > length) throw new RangeError('netlink message is longer than its datagram')
    yield {
      type: buffer.readUInt16LE(at + 4),
      flags: buffer.readUInt16LE(at + 6),
      sequence: buffer.readUInt32LE(at + 8),
      start: at + HEADER_LENGTH,
      end: at + size,
    }
    at += align4(size)
  }
}

/** Calls `visit(type, valueStart, valueEnd)` for each attribute between `start` and `end`. */
export function readAttributes(
  buffer: Buffer,
  start: number,
  end: number,
  visit: (type: number, start: number, end: number) => void,
): void {
  for (let at = start; at + 4 <= end; ) {
    const size = buffer.readUInt16LE(at)
    if (size < 4 || at + size > end) throw new RangeError('netlink attribute is longer than its message')
    visit(buffer.readUInt16LE(at + 2) & TYPE_MASK, at + 4, at + size)
    at += align4(size)
  }
}

/** Text of a NUL-terminated attribute. */
export function readText(buffer: Buffer, start: number, end: number): string {
  const last = end > start && buffer[end - 1] === 0 ? end - 1 : end
  return buffer.toString('latin1', start, last)
}

export const readU64 = (buffer: Buffer, at: number): number =>
  buffer.readUInt32BE(at) * 0x1_0000_0000 + buffer.readUInt32BE(at + 4)
