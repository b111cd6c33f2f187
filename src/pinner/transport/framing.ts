/** Puts the length before a message, as DNS over a stream wants it (RFC 1035, 4.2.2). */
export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(message.length + 2)
  framed.writeUInt16BE(message.length, 0)
  framed.set(message, 2)
  return framed
}

/** Cuts a stream into messages. Holds at most one message and one chunk. */
export class Unframer {
  private pending: Buffer = Buffer.alloc(0)

  /** The messages that `chunk` completes. */
  push(chunk: Buffer): Buffer[] {
    this.pending = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk])
    const messages: Buffer[] = []
    while (this.pending.length >= 2) {
      const end = 2 + this.pending.readUInt16BE(0)
      if (this.pending.length < end) break
      messages.push(this.pending.subarray(2, end))
      this.pending = this.pending.subarray(end)
    }
    return messages
  }
}
