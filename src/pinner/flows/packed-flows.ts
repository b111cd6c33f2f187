import type { Flow } from '../../firewall/index.ts'

const ADDRESS = 16
/** Protocol, address length, ports, mark, id, four addresses. */
const RECORD = 2 + 8 + 4 + 4 + 4 * ADDRESS

/** Flows as octets, so that a thread can hand over a hundred thousand of them without copying one. */
export class FlowPacker {
  private buffer = Buffer.alloc(256 * RECORD)
  private length = 0

  add({ protocol, original, reply, mark, id }: Flow): void {
    if (this.length + RECORD > this.buffer.length) {
      this.buffer = Buffer.concat([this.buffer], this.buffer.length * 2)
    }
    const at = this.length
    this.length += RECORD
    const { buffer } = this
    buffer[at] = protocol
    buffer[at + 1] = original.source.length
    const ports = [original.sourcePort, original.destinationPort, reply.sourcePort, reply.destinationPort]
    ports.forEach((port, i) => {
      buffer.writeUInt16BE(port, at + 2 + 2 * i)
    })
    buffer.writeUInt32BE(mark, at + 10)
    buffer.writeUInt32BE(id, at + 14)
    const addresses = [original.source, original.destination, reply.source, reply.destination]
    addresses.forEach((address, i) => {
      buffer.set(address, at + 18 + ADDRESS * i)
    })
  }

  /** The flows, in a buffer of their own that can be transferred. */
  finish(): Uint8Array {
    return new Uint8Array(this.buffer.subarray(0, this.length))
  }
}

export function* unpackFlows(packed: Uint8Array): Generator<Flow> {
  const buffer = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength)
  for (let at = 0; at + RECORD <= buffer.length; at += RECORD) {
    const size = buffer[at + 1]!
    const address = (i: number) => new Uint8Array(buffer.subarray(at + 18 + ADDRESS * i, at + 18 + ADDRESS * i + size))
    const port = (i: number) => buffer.readUInt16BE(at + 2 + 2 * i)
    yield {
      protocol: buffer[at]!,
      original: { source: address(0), destination: address(1), sourcePort: port(0), destinationPort: port(1) },
      reply: { source: address(2), destination: address(3), sourcePort: port(2), destinationPort: port(3) },
      mark: buffer.readUInt32BE(at + 10),
      id: buffer.readUInt32BE(at + 14),
    }
  }
}
