export interface End {
  readonly address: Uint8Array
  readonly port: number
}

const IPPROTO_TCP = 6
const TCP_LENGTH = 20
const SYN = 0x02

/** A whole IP packet (RFC 791, RFC 8200) with a TCP SYN (RFC 9293) and the given sequence number, 4 octets. */
export function synSegment(from: End, to: End, sequence: Uint8Array): Buffer {
  const header = from.address.length === 4 ? 20 : 40
  const packet = Buffer.alloc(header + TCP_LENGTH)
  const tcp = packet.subarray(header)
  tcp.writeUInt16BE(from.port, 0)
  tcp.writeUInt16BE(to.port, 2)
  tcp.set(sequence, 4)
  tcp[12] = (TCP_LENGTH / 4) << 4
  tcp[13] = SYN
  tcp.writeUInt16BE(65535, 14)
  tcp.writeUInt16BE(checksum([from.address, to.address, Uint8Array.of(0, IPPROTO_TCP, 0, TCP_LENGTH), tcp]), 16)
  if (header === 20) writeIPv4(packet, from, to)
  else writeIPv6(packet, from, to)
  return packet
}

function writeIPv4(packet: Buffer, from: End, to: End): void {
  packet[0] = 0x45
  packet.writeUInt16BE(packet.length, 2)
  packet[6] = 0x40
  packet[8] = 64
  packet[9] = IPPROTO_TCP
  packet.set(from.address, 12)
  packet.set(to.address, 16)
  packet.writeUInt16BE(checksum([packet.subarray(0, 20)]), 10)
}

function writeIPv6(packet: Buffer, from: End, to: End): void {
  packet[0] = 0x60
  packet.writeUInt16BE(TCP_LENGTH, 4)
  packet[6] = IPPROTO_TCP
  packet[7] = 64
  packet.set(from.address, 8)
  packet.set(to.address, 24)
}

/** RFC 1071, over parts of even length. */
function checksum(parts: readonly Uint8Array[]): number {
  let sum = 0
  for (const part of parts) for (let i = 0; i < part.length; i += 2) sum += (part[i]! << 8) | part[i + 1]!
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}
