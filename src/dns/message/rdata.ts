import { malformed } from './error.ts'
import type { Reader } from './reader.ts'
import { type RData, type SvcParam, TYPE } from './types.ts'
import { Writer } from './writer.ts'

/**
 * Types whose names old servers compress (RFC 3597, 4): `n` a name, `2` and `4` octets, `s` a character string,
 * `r` the rest. They are decompressed, since their pointers would mean something else in another message.
 */
const COMPRESSIBLE: Readonly<Record<number, string>> = {
  3: 'n', // MD
  4: 'n', // MF
  7: 'n', // MB
  8: 'n', // MG
  9: 'n', // MR
  14: 'nn', // MINFO
  [TYPE.RP]: 'nn',
  [TYPE.AFSDB]: '2n',
  21: '2n', // RT
  [TYPE.SIG]: '2224442nr',
  26: '2nn', // PX
  30: 'nr', // NXT
  [TYPE.NAPTR]: '22sssn',
  36: '2n', // KX
}

/** Reads RDATA up to the reader's end, which is the record's. */
export function readRData(reader: Reader, type: number): RData {
  const data = readKnown(reader, type)
  if (reader.at !== reader.end) malformed('a record holds octets behind its data')
  return data
}

function readKnown(reader: Reader, type: number): RData {
  switch (type) {
    case TYPE.A:
      return { kind: 'address', address: reader.octets(4) }
    case TYPE.AAAA:
      return { kind: 'address', address: reader.octets(16) }
    case TYPE.CNAME:
    case TYPE.DNAME:
    case TYPE.NS:
    case TYPE.PTR:
      return { kind: 'name', name: reader.name() }
    case TYPE.MX:
      return { kind: 'mx', preference: reader.u16(), exchange: reader.name() }
    case TYPE.SRV:
      return {
        kind: 'srv',
        priority: reader.u16(),
        weight: reader.u16(),
        port: reader.u16(),
        target: reader.name(),
      }
    case TYPE.SOA:
      return {
        kind: 'soa',
        mname: reader.name(),
        rname: reader.name(),
        serial: reader.u32(),
        refresh: reader.u32(),
        retry: reader.u32(),
        expire: reader.u32(),
        minimum: reader.u32(),
      }
    case TYPE.TXT:
    case TYPE.SPF:
      return { kind: 'txt', strings: readStrings(reader) }
    case TYPE.SVCB:
    case TYPE.HTTPS:
      return { kind: 'svcb', priority: reader.u16(), target: reader.name(false), params: readParams(reader) }
    default:
      return { kind: 'opaque', data: readOpaque(reader, COMPRESSIBLE[type]) }
  }
}

function readStrings(reader: Reader): Uint8Array[] {
  const strings: Uint8Array[] = []
  do strings.push(reader.octets(reader.u8()))
  while (reader.at < reader.end)
  return strings
}

/** Keys must rise strictly (RFC 9460, 2.2). */
function readParams(reader: Reader): SvcParam[] {
  const params: SvcParam[] = []
  let last = -1
  while (reader.at < reader.end) {
    const key = reader.u16()
    if (key <= last) malformed('the parameters of a service binding are not in order')
    last = key
    params.push({ key, value: reader.octets(reader.u16()) })
  }
  return params
}

function readOpaque(reader: Reader, fields: string | undefined): Uint8Array {
  if (fields === undefined) return reader.rest()
  const writer = new Writer()
  for (const field of fields) {
    if (field === 'n') writer.name(reader.name(), false)
    else if (field === 's') {
      const text = reader.octets(reader.u8())
      writer.u8(text.length)
      writer.octets(text)
    } else writer.octets(field === 'r' ? reader.rest() : reader.octets(Number(field)))
  }
  return Uint8Array.from(writer.bytes())
}

/** Names are compressed only in the types of RFC 1035 for which every reader expects it (RFC 3597, 4). */
export function writeRData(writer: Writer, type: number, data: RData): void {
  if (data.kind === 'address') {
    if (data.address.length !== (type === TYPE.A ? 4 : 16)) malformed('an address has the wrong length')
    writer.octets(data.address)
  } else if (data.kind === 'name') {
    writer.name(data.name, type !== TYPE.DNAME)
  } else if (data.kind === 'mx') {
    writer.u16(data.preference)
    writer.name(data.exchange, true)
  } else if (data.kind === 'srv') {
    for (const value of [data.priority, data.weight, data.port]) writer.u16(value)
    writer.name(data.target, false)
  } else if (data.kind === 'soa') {
    writer.name(data.mname, true)
    writer.name(data.rname, true)
    for (const value of [data.serial, data.refresh, data.retry, data.expire, data.minimum]) writer.u32(value)
  } else if (data.kind === 'txt') {
    if (data.strings.length === 0) malformed('a text record holds no string')
    for (const text of data.strings) {
      writer.u8(text.length)
      writer.octets(text)
    }
  } else if (data.kind === 'svcb') {
    writer.u16(data.priority)
    writer.name(data.target, false)
    for (const param of data.params) {
      writer.u16(param.key)
      writer.u16(param.value.length)
      writer.octets(param.value)
    }
  } else {
    writer.octets(data.data)
  }
}
