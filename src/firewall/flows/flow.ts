import { HEADER_LENGTH, type Message, NF_HEADER_LENGTH, readAttributes, readU64 } from '../netlink/message.ts'

/** One direction of a flow. Addresses are 4 or 16 octets. */
export interface Tuple {
  readonly source: Uint8Array
  readonly destination: Uint8Array
  readonly sourcePort: number
  readonly destinationPort: number
}

/** Octets (with the headers of IP) and packets each way. */
export interface FlowCounts {
  readonly up: { readonly bytes: number; readonly packets: number }
  readonly down: { readonly bytes: number; readonly packets: number }
  /** Milliseconds since the epoch; absent where the kernel did not note it. */
  readonly start?: number
}

/** One entry of the kernel's connection table. */
export interface Flow {
  /** IP protocol number. */
  readonly protocol: number
  /** As the client sent it: before any destination NAT. */
  readonly original: Tuple
  /** As the server answers it: its source is the true destination, its destination what the server sees as client. */
  readonly reply: Tuple
  /** Whole ct mark. */
  readonly mark: number
  readonly id: number
  /** What the kernel counted; only where it was asked for, and accounting is on. */
  readonly counts?: FlowCounts
  /** A TCP connection that both ends have closed; the kernel remembers it for a while. */
  readonly ended?: boolean
}

export const TCP = 6
export const UDP = 17

/** Attributes of linux/netfilter/nfnetlink_conntrack.h. */
export const CTA = {
  tupleOriginal: 1,
  tupleReply: 2,
  protocolInfo: 4,
  mark: 8,
  countersOriginal: 9,
  countersReply: 10,
  id: 12,
  timestamp: 20,
  markMask: 21,
  filter: 25,
  tuple: { ip: 1, protocol: 2 },
  ip: { source4: 1, destination4: 2, source6: 3, destination6: 4 },
  protocol: { number: 1, sourcePort: 2, destinationPort: 3 },
  tcp: { info: 1, state: 1 },
  counters: { packets: 1, bytes: 2 },
  time: { start: 1 },
} as const

/**
 * LAST_ACK and TIME_WAIT of enum tcp_conntrack (linux/netfilter/nf_conntrack_tcp.h). CLOSE is none of them: `reject with
 * tcp reset` sets it as soon as it has told one end (nf_ct_set_closing), and the other end is still to hear.
 */
const ENDED_STATES: readonly number[] = [6, 7]

/** Undefined where the entry is of no IP protocol that we know how to read. */
export function parseFlow(message: Message, buffer: Buffer): Flow | undefined {
  let original: PartialTuple | undefined
  let reply: PartialTuple | undefined
  let mark = 0
  let id = 0
  let ended = false
  readAttributes(buffer, message.start + NF_HEADER_LENGTH - HEADER_LENGTH, message.end, (type, start, end) => {
    if (type === CTA.tupleOriginal) original = parseTuple(buffer, start, end)
    else if (type === CTA.tupleReply) reply = parseTuple(buffer, start, end)
    else if (type === CTA.protocolInfo) ended = isEnded(buffer, start, end)
    else if (type === CTA.mark) mark = buffer.readUInt32BE(start)
    else if (type === CTA.id) id = buffer.readUInt32BE(start)
  })
  if (original?.source === undefined || reply?.source === undefined) return undefined
  return { protocol: original.protocol, original: original as Tuple, reply: reply as Tuple, mark, id, ended }
}

function isEnded(buffer: Buffer, start: number, end: number): boolean {
  let state = 0
  readAttributes(buffer, start, end, (type, from, to) => {
    if (type !== CTA.tcp.info) return
    readAttributes(buffer, from, to, (part, at) => {
      if (part === CTA.tcp.state) state = buffer[at]!
    })
  })
  return ENDED_STATES.includes(state)
}

interface PartialTuple {
  source?: Uint8Array
  destination?: Uint8Array
  protocol: number
  sourcePort: number
  destinationPort: number
}

function parseTuple(buffer: Buffer, start: number, end: number): PartialTuple {
  const tuple: PartialTuple = { protocol: 0, sourcePort: 0, destinationPort: 0 }
  const copy = (from: number, to: number) => Uint8Array.prototype.slice.call(buffer, from, to)
  readAttributes(buffer, start, end, (part, from, to) => {
    if (part === CTA.tuple.ip) {
      readAttributes(buffer, from, to, (type, at, last) => {
        if (type === CTA.ip.source4 || type === CTA.ip.source6) tuple.source = copy(at, last)
        else if (type === CTA.ip.destination4 || type === CTA.ip.destination6) tuple.destination = copy(at, last)
      })
    } else if (part === CTA.tuple.protocol) {
      readAttributes(buffer, from, to, (type, at) => {
        if (type === CTA.protocol.number) tuple.protocol = buffer[at]!
        else if (type === CTA.protocol.sourcePort) tuple.sourcePort = buffer.readUInt16BE(at)
        else if (type === CTA.protocol.destinationPort) tuple.destinationPort = buffer.readUInt16BE(at)
      })
    }
  })
  return tuple
}

/** Undefined where the kernel did not count. */
export function parseCounts(message: Message, buffer: Buffer): FlowCounts | undefined {
  let up: FlowCounts['up'] | undefined
  let down: FlowCounts['up'] | undefined
  let start: number | undefined
  readAttributes(buffer, message.start + NF_HEADER_LENGTH - HEADER_LENGTH, message.end, (type, from, to) => {
    if (type === CTA.countersOriginal) up = parseTraffic(buffer, from, to)
    else if (type === CTA.countersReply) down = parseTraffic(buffer, from, to)
    else if (type === CTA.timestamp)
      readAttributes(buffer, from, to, (part, at) => {
        if (part === CTA.time.start) start = readU64(buffer, at) / 1e6
      })
  })
  if (up === undefined || down === undefined) return undefined
  return { up, down, ...(start === undefined ? {} : { start }) }
}

function parseTraffic(buffer: Buffer, start: number, end: number): FlowCounts['up'] {
  const traffic = { bytes: 0, packets: 0 }
  readAttributes(buffer, start, end, (part, at) => {
    if (part === CTA.counters.bytes) traffic.bytes = readU64(buffer, at)
    else if (part === CTA.counters.packets) traffic.packets = readU64(buffer, at)
  })
  return traffic
}
