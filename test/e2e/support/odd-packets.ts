import { parseAddress } from '../../../src/base/address.ts'

const UDP = 17
const NO_OPTIONS = Buffer.alloc(0)
const QUESTION = Buffer.from(
  '\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07example\x03com\x00\x00\x01\x00\x01',
  'latin1',
)

/** A DNS question for www.example.com in a UDP datagram to port 53 (RFC 768), its checksum over the given addresses. */
export function datagram(from: string, to: string): Buffer {
  const udp = Buffer.alloc(8 + QUESTION.length)
  udp.writeUInt16BE(40_053, 0)
  udp.writeUInt16BE(53, 2)
  udp.writeUInt16BE(udp.length, 4)
  udp.set(QUESTION, 8)
  const pseudo = Buffer.concat([parseAddress(from)!, parseAddress(to)!, Buffer.from([0, UDP, 0, udp.length])])
  udp.writeUInt16BE(checksum(Buffer.concat([pseudo, udp])), 6)
  return udp
}

/** An IP packet of either family; IPv4 gets its checksum from the kernel (raw(7)). `more`, `offset`: RFC 791. */
export function packet(
  from: string,
  to: string,
  protocol: number,
  payload: Buffer,
  { options = NO_OPTIONS, offset = 0, more = false }: { options?: Buffer; offset?: number; more?: boolean } = {},
): Buffer {
  if (from.includes(':')) {
    const header = Buffer.alloc(8)
    header[0] = 0x60
    header.writeUInt16BE(payload.length, 4)
    header[6] = protocol
    header[7] = 64
    return Buffer.concat([header, parseAddress(from)!, parseAddress(to)!, payload])
  }
  const header = Buffer.alloc(12)
  header[0] = 0x40 | ((20 + options.length) / 4)
  header.writeUInt16BE(20 + options.length + payload.length, 2)
  header.writeUInt16BE(0x4242, 4)
  header.writeUInt16BE((more ? 0x2000 : 0) | (offset / 8), 6)
  header[8] = 64
  header[9] = protocol
  return Buffer.concat([header, parseAddress(from)!, parseAddress(to)!, options, payload])
}

/** Hop-by-hop (0) or destination (60) options that say nothing, before `payload` (RFC 8200, 4.3 and 4.6). */
export const withOptions = (next: number, payload: Buffer): Buffer =>
  Buffer.concat([Buffer.from([next, 0, 1, 4, 0, 0, 0, 0]), payload])

/** A fragment header (RFC 8200, 4.5). */
export const fragment = (next: number, payload: Buffer, offset: number, more: boolean): Buffer => {
  const header = Buffer.from([next, 0, 0, 0, 0x42, 0x42, 0x42, 0x42])
  header.writeUInt16BE((offset & 0xfff8) | (more ? 1 : 0), 2)
  return Buffer.concat([header, payload])
}

/** Loose source route through the next router to `beyond` (RFC 791, 3.1), padded to whole words. */
export const looseRoute = (beyond: string): Buffer =>
  Buffer.concat([Buffer.from([131, 7, 4]), parseAddress(beyond)!, Buffer.from([0])])

function checksum(bytes: Buffer): number {
  let sum = 0
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) | (bytes[i + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}
