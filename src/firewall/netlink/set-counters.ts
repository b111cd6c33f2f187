import { fail } from '../../base/errors.ts'
import { ERRNO, errnoName } from './libc.ts'
import {
  HEADER_LENGTH,
  MessageWriter,
  NF_HEADER_LENGTH,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  readAttributes,
  readText,
  readU64,
} from './message.ts'
import type { NetlinkSocket } from './socket.ts'

/** Reading of counters that stand in elements of a set (linux/netfilter/nf_tables.h). */

const NFPROTO_INET = 1
const NFT_MSG_GETSETELEM = (10 << 8) | 13
const LIST = { table: 1, set: 2, elements: 3 } as const
const ELEMENT = { key: 1, expression: 7, expressions: 11 } as const
const DATA_VALUE = 1
const EXPRESSION = { name: 1, data: 2 } as const
const COUNTER_PACKETS = 2

/**
 * Packets that elements with a counter have counted, by key (octets as latin1). One kernel dump; its time grows with
 * the square of a large set: for sets of some 10 000 elements (10 ms). Empty where there is no such set.
 */
export function readSetCounters(socket: NetlinkSocket, table: string, set: string): Map<string, number> {
  const sequence = socket.sequences(1)
  const request = new MessageWriter(256)
  const message = request.begin(NFT_MSG_GETSETELEM, NLM_F_REQUEST | NLM_F_DUMP, sequence, NFPROTO_INET)
  request.text(LIST.table, table)
  request.text(LIST.set, set)
  request.end(message)
  const counts = new Map<string, number>()
  const error = socket.dump(request.buffer, request.length, sequence, (item, buffer) => {
    readAttributes(buffer, item.start + NF_HEADER_LENGTH - HEADER_LENGTH, item.end, (type, start, end) => {
      if (type !== LIST.elements) return
      readAttributes(buffer, start, end, (_, from, to) => {
        const { key, packets } = readElement(buffer, from, to)
        if (key !== '' && packets !== undefined) counts.set(key, packets)
      })
    })
  })
  if (error !== 0 && error !== ERRNO.ENOENT)
    fail('apply.kernel', `The counters of ${set} could not be read (${errnoName(error)}).`)
  return counts
}

function readElement(buffer: Buffer, start: number, end: number): { key: string; packets: number | undefined } {
  let key = ''
  let packets: number | undefined
  const expression = (from: number, to: number) => {
    packets = readCounter(buffer, from, to) ?? packets
  }
  readAttributes(buffer, start, end, (type, from, to) => {
    if (type === ELEMENT.key)
      readAttributes(buffer, from, to, (part, at, last) => {
        if (part === DATA_VALUE) key = buffer.toString('latin1', at, last)
      })
    else if (type === ELEMENT.expression) expression(from, to)
    else if (type === ELEMENT.expressions) readAttributes(buffer, from, to, (_, at, last) => expression(at, last))
  })
  return { key, packets }
}

function readCounter(buffer: Buffer, start: number, end: number): number | undefined {
  let name = ''
  let packets: number | undefined
  readAttributes(buffer, start, end, (type, from, to) => {
    if (type === EXPRESSION.name) name = readText(buffer, from, to)
    else if (type === EXPRESSION.data && name === 'counter')
      readAttributes(buffer, from, to, (part, at) => {
        if (part === COUNTER_PACKETS) packets = readU64(buffer, at)
      })
  })
  return packets
}
