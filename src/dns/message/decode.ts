import { malformed } from './error.ts'
import { readRData } from './rdata.ts'
import { Reader } from './reader.ts'
import { type Edns, type Head, type Message, type Question, type ResourceRecord, TYPE } from './types.ts'

const HEADER_OCTETS = 12
/** Root owner, type, class, TTL, length. */
const LEAST_RECORD_OCTETS = 11
const LEAST_QUESTION_OCTETS = 5

interface Counts {
  readonly questions: number
  readonly answers: number
  readonly authorities: number
  readonly additionals: number
}

/** Header and questions only, for telling what a message is about without reading all of it. */
export function decodeHead(bytes: Uint8Array): Head & { readonly questions: readonly Question[] } {
  const reader = new Reader(bytes)
  const { head, counts } = readHead(reader)
  return { ...head, questions: readQuestions(reader, counts.questions) }
}

/**
 * Decodes a whole message (RFC 1035, 4; RFC 6891). Strict: anything malformed, trailing octets included, throws
 * `DnsMessageError`. Work and memory are bounded by the length of the message.
 */
export function decodeMessage(bytes: Uint8Array): Message {
  const reader = new Reader(bytes)
  const { head, counts } = readHead(reader)
  const questions = readQuestions(reader, counts.questions)
  const answers = readRecords(reader, counts.answers)
  const authorities = readRecords(reader, counts.authorities)
  const additionals = readRecords(reader, counts.additionals, true)
  if (reader.at !== reader.end) malformed('the message holds octets behind its last record')
  const sections = { questions, answers: answers.records, authorities: authorities.records }
  const message = { ...head, ...sections, additionals: additionals.records }
  if (additionals.edns === undefined) return message
  const { upperRcode, ...edns } = additionals.edns
  return { ...message, rcode: (upperRcode << 4) | head.rcode, edns }
}

function readHead(reader: Reader): { head: Head; counts: Counts } {
  if (reader.end < HEADER_OCTETS) malformed('the message is shorter than its header')
  const id = reader.u16()
  const flags = reader.u16()
  const head: Head = {
    id,
    response: (flags & 0x8000) !== 0,
    opcode: (flags >> 11) & 15,
    authoritative: (flags & 0x0400) !== 0,
    truncated: (flags & 0x0200) !== 0,
    recursionDesired: (flags & 0x0100) !== 0,
    recursionAvailable: (flags & 0x0080) !== 0,
    authenticData: (flags & 0x0020) !== 0,
    checkingDisabled: (flags & 0x0010) !== 0,
    rcode: flags & 15,
  }
  const counts = {
    questions: reader.u16(),
    answers: reader.u16(),
    authorities: reader.u16(),
    additionals: reader.u16(),
  }
  const records = counts.answers + counts.authorities + counts.additionals
  const least = counts.questions * LEAST_QUESTION_OCTETS + records * LEAST_RECORD_OCTETS
  if (least > reader.end - reader.at) malformed('the header promises more records than the message can hold')
  return { head, counts }
}

function readQuestions(reader: Reader, count: number): Question[] {
  const questions: Question[] = []
  for (let i = 0; i < count; i++) questions.push({ name: reader.name(), type: reader.u16(), class: reader.u16() })
  return questions
}

interface Section {
  readonly records: ResourceRecord[]
  readonly edns?: Edns & { readonly upperRcode: number }
}

function readRecords(reader: Reader, count: number, mayHoldOpt = false): Section {
  const records: ResourceRecord[] = []
  let edns: Section['edns']
  const messageEnd = reader.end
  for (let i = 0; i < count; i++) {
    const name = reader.name()
    const type = reader.u16()
    const rrClass = reader.u16()
    const ttl = reader.u32()
    const length = reader.u16()
    if (reader.at + length > messageEnd) malformed('a record runs past the end of the message')
    reader.end = reader.at + length
    if (type === TYPE.OPT) {
      if (!mayHoldOpt || edns !== undefined || name !== '.') malformed('an OPT record stands where none may stand')
      edns = readOpt(reader, rrClass, ttl)
    } else {
      const data = readRData(reader, type)
      records.push({ name, type, class: rrClass, ttl: ttl > 0x7fff_ffff ? 0 : ttl, data })
    }
    reader.end = messageEnd
  }
  return edns === undefined ? { records } : { records, edns }
}

function readOpt(reader: Reader, udpSize: number, bits: number): Edns & { readonly upperRcode: number } {
  const options: { code: number; data: Uint8Array }[] = []
  while (reader.at < reader.end) options.push({ code: reader.u16(), data: reader.octets(reader.u16()) })
  const version = (bits >>> 16) & 0xff
  return { udpSize, version, dnssecOk: (bits & 0x8000) !== 0, options, upperRcode: bits >>> 24 }
}
