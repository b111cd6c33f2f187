import { parseAddress } from '../../../src/base/address.ts'

/** RFC 1071. */
function checksum(parts: readonly Uint8Array[]): number {
  const all = Buffer.concat(parts)
  let sum = 0
  for (let i = 0; i < all.length; i += 2) sum += all.readUInt16BE(i)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

interface Sent {
  readonly source: string
  readonly destination: string
  readonly sourcePort: number
  readonly destinationPort: number
}

/**
 * What a router on the way says when a client's UDP datagram was too big (RFC 1191, RFC 8201): a whole IP packet from
 * `router` to the client, quoting the datagram's headers.
 */
export function packetTooBig(router: string, sent: Sent, mtu: number): Buffer {
  const [from, to, destination] = [router, sent.source, sent.destination].map((text) => parseAddress(text)!)
  const four = from!.length === 4
  const udp = Buffer.alloc(8)
  udp.writeUInt16BE(sent.sourcePort, 0)
  udp.writeUInt16BE(sent.destinationPort, 2)
  udp.writeUInt16BE(1400, 4)
  const quoted = Buffer.concat([ipHeader(to!, destination!, 17, 1400), udp])
  const head = Buffer.from(four ? [3, 4, 0, 0, 0, 0, mtu >> 8, mtu & 255] : [2, 0, 0, 0, 0, 0, mtu >> 8, mtu & 255])
  const icmp = Buffer.concat([head, quoted])
  const pseudo = Buffer.alloc(8)
  pseudo.writeUInt32BE(icmp.length, 0)
  pseudo[7] = 58
  icmp.writeUInt16BE(checksum(four ? [icmp] : [from!, to!, pseudo, icmp]), 2)
  return Buffer.concat([ipHeader(from!, to!, four ? 1 : 58, icmp.length), icmp])
}

function ipHeader(from: Uint8Array, to: Uint8Array, protocol: number, payload: number): Buffer {
  const four = from.length === 4
  const header = Buffer.alloc(four ? 20 : 40)
  header.set(from, four ? 12 : 8)
  header.set(to, four ? 16 : 24)
  if (four) {
    header[0] = 0x45
    header.writeUInt16BE(20 + payload, 2)
    header[6] = 0x40
    header[8] = 64
    header[9] = protocol
    header.writeUInt16BE(checksum([header]), 10)
  } else {
    header[0] = 0x60
    header.writeUInt16BE(payload, 4)
    header[6] = protocol
    header[7] = 64
  }
  return header
}
