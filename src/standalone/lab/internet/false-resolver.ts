import { parseAddress } from '../../../base/address.ts'
import { FALSE_ANSWER } from './addresses.ts'

export interface FalseQuestion {
  readonly name: string
  readonly type: number
  /** Offset of the first octet after the question. */
  readonly end: number
}

/** The question of a DNS query (RFC 1035, section 4.1.2), or undefined where the octets hold none. */
export function readQuestion(query: Buffer): FalseQuestion | undefined {
  const labels: string[] = []
  let at = 12
  while (at < query.length && query[at] !== 0) {
    const length = query[at]!
    if (length > 63) return undefined
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += length + 1
  }
  if (at + 5 > query.length) return undefined
  return { name: labels.join('.'), type: query.readUInt16BE(at + 1), end: at + 5 }
}

/** Answers any question with the false address, so that whoever gets it can tell where it came from. */
export function falseAnswer(query: Buffer, question: FalseQuestion): Buffer {
  const address = parseAddress(question.type === 28 ? FALSE_ANSWER.v6 : FALSE_ANSWER.v4)!
  const header = Buffer.from(query.subarray(0, 12))
  header.writeUInt16BE(0x8180, 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(1, 6)
  header.writeUInt32BE(0, 8)
  const record = Buffer.alloc(12)
  record.writeUInt16BE(0xc00c, 0)
  record.writeUInt16BE(question.type === 28 ? 28 : 1, 2)
  record.writeUInt16BE(1, 4)
  record.writeUInt32BE(300, 6)
  record.writeUInt16BE(address.length, 10)
  return Buffer.concat([header, query.subarray(12, question.end), record, address])
}
