import { malformed } from './error.ts'
import { writeRData } from './rdata.ts'
import { type Edns, type Message, type ResourceRecord, TYPE } from './types.ts'
import { Writer } from './writer.ts'

/** Encodes a message, names compressed. Throws `DnsMessageError` where a value does not fit. */
export function encodeMessage(message: Message): Buffer {
  if (message.rcode > 15 && message.edns === undefined) malformed('an extended response code needs EDNS')
  const writer = new Writer()
  writer.u16(message.id)
  writer.u16(flagsOf(message))
  writer.u16(message.questions.length)
  writer.u16(message.answers.length)
  writer.u16(message.authorities.length)
  writer.u16(message.additionals.length + (message.edns === undefined ? 0 : 1))
  for (const question of message.questions) {
    writer.name(question.name, true)
    writer.u16(question.type)
    writer.u16(question.class)
  }
  for (const section of [message.answers, message.authorities, message.additionals]) {
    for (const record of section) writeRecord(writer, record)
  }
  if (message.edns !== undefined) writeOpt(writer, message.edns, message.rcode >> 4)
  return writer.bytes()
}

/**
 * Encodes a response for a transport that carries at most `limit` octets. Where it does not fit: the same without
 * records and with TC set, so that the asker comes back over TCP (RFC 2181, 9).
 */
export function encodeWithin(message: Message, limit: number): Buffer {
  const whole = encodeMessage(message)
  if (whole.length <= limit) return whole
  return encodeMessage({ ...message, truncated: true, answers: [], authorities: [], additionals: [] })
}

function flagsOf(message: Message): number {
  return (
    (message.response ? 0x8000 : 0) |
    ((message.opcode & 15) << 11) |
    (message.authoritative ? 0x0400 : 0) |
    (message.truncated ? 0x0200 : 0) |
    (message.recursionDesired ? 0x0100 : 0) |
    (message.recursionAvailable ? 0x0080 : 0) |
    (message.authenticData ? 0x0020 : 0) |
    (message.checkingDisabled ? 0x0010 : 0) |
    (message.rcode & 15)
  )
}

function writeRecord(writer: Writer, record: ResourceRecord): void {
  writer.name(record.name, true)
  writer.u16(record.type)
  writer.u16(record.class)
  writer.u32(record.ttl)
  writer.sized(() => writeRData(writer, record.type, record.data))
}

function writeOpt(writer: Writer, edns: Edns, upperRcode: number): void {
  writer.u8(0)
  writer.u16(TYPE.OPT)
  writer.u16(edns.udpSize)
  writer.u8(upperRcode)
  writer.u8(edns.version)
  writer.u16(edns.dnssecOk ? 0x8000 : 0)
  writer.sized(() => {
    for (const option of edns.options) {
      writer.u16(option.code)
      writer.u16(option.data.length)
      writer.octets(option.data)
    }
  })
}
