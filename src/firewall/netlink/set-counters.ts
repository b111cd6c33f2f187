import { attributesOf, dumpOnce, NFT_MSG, nestedIn, textOf } from './dump.ts'
import { readAttributes, readU64 } from './message.ts'
import type { NetlinkSocket } from './socket.ts'

/** Reading of counters that stand in elements of a set (linux/netfilter/nf_tables.h). */

const GETSETELEM = NFT_MSG | 13
const LIST = { table: 1, set: 2, elements: 3 } as const
const ELEMENT = { key: 1, expression: 7, expressions: 11 } as const
const DATA_VALUE = 1
const EXPRESSION = { name: 1, data: 2 } as const
const COUNTER_PACKETS = 2

/**
 * Packets that elements with a counter have counted, by key (octets as latin1). One kernel dump; its time grows with
 * the square of a large set: for sets of some 10 000 elements (10 ms). Empty where there is no such set. Throws
 * ClawgressError `apply.kernel`.
 */
export function readSetCounters(socket: NetlinkSocket, table: string, set: string): Map<string, number> {
  const counts = new Map<string, number>()
  const request = {
    type: GETSETELEM,
    only: [
      [LIST.table, table],
      [LIST.set, set],
    ],
  } as const
  // Uneven or not: each counter is of its own moment anyhow.
  dumpOnce(socket, request, (attributes, buffer) => {
    const elements = attributes.get(LIST.elements)
    if (elements === undefined) return
    readAttributes(buffer, elements[0], elements[1], (_, start, end) => {
      const { key, packets } = readElement(buffer, start, end)
      if (key !== '' && packets !== undefined) counts.set(key, packets)
    })
  })
  return counts
}

function readElement(buffer: Buffer, start: number, end: number): { key: string; packets: number | undefined } {
  const element = attributesOf(buffer, start, end)
  const key = nestedIn(element, buffer, ELEMENT.key).get(DATA_VALUE)
  const places: (readonly [start: number, end: number])[] = []
  const single = element.get(ELEMENT.expression)
  const several = element.get(ELEMENT.expressions)
  if (single !== undefined) places.push(single)
  if (several !== undefined) readAttributes(buffer, several[0], several[1], (_, from, to) => places.push([from, to]))
  return {
    key: key === undefined ? '' : buffer.toString('latin1', key[0], key[1]),
    packets: places.map(([from, to]) => readCounter(buffer, from, to)).findLast((packets) => packets !== undefined),
  }
}

function readCounter(buffer: Buffer, start: number, end: number): number | undefined {
  const expression = attributesOf(buffer, start, end)
  if (textOf(expression, buffer, EXPRESSION.name) !== 'counter') return undefined
  const packets = nestedIn(expression, buffer, EXPRESSION.data).get(COUNTER_PACKETS)
  return packets === undefined ? undefined : readU64(buffer, packets[0])
}
