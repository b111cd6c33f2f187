import { createHmac, timingSafeEqual } from 'node:crypto'

/** Table of a control message: text or further tables, in order. */
export interface RndcTable {
  readonly [key: string]: string | RndcTable
}

const BINARY = 1
const TABLE = 2
const VERSION = 1
/** Algorithm number of HMAC-SHA256 in control messages (BIND, lib/isccc/include/isccc/types.h). */
const HMAC_SHA256 = 163
const SIGNATURE_LENGTH = 89
/** Longest message that is read: rndc's own answers are far below. */
export const LONGEST_MESSAGE = 1 << 20

/** Signs and frames a message for named's control channel (BIND, lib/isccc/cc.c). */
export function encodeRndc(message: RndcTable, secret: Buffer): Buffer {
  const body = encodeTable(message)
  const signature = Buffer.alloc(SIGNATURE_LENGTH)
  signature[0] = HMAC_SHA256
  signature.write(createHmac('sha256', secret).update(body).digest('base64'), 1, 'latin1')
  const auth = Buffer.concat([key('_auth'), value(TABLE, Buffer.concat([key('hsha'), value(BINARY, signature)]))])
  const head = Buffer.alloc(8)
  head.writeUInt32BE(4 + auth.length + body.length, 0)
  head.writeUInt32BE(VERSION, 4)
  return Buffer.concat([head, auth, body])
}

/**
 * Reads a message that follows its length word: checks version, bounds and signature. Throws a plain Error where it is
 * not one of ours; the caller says which service did not answer.
 */
export function decodeRndc(frame: Buffer, secret: Buffer): RndcTable {
  if (frame.length < 4 || frame.readUInt32BE(0) !== VERSION) throw new Error('unknown version')
  const reader = { bytes: frame, at: 4 }
  const authKey = readKey(reader)
  const auth = readValue(reader, frame.length, 0)
  if (authKey !== '_auth' || typeof auth === 'string') throw new Error('unsigned message')
  const body = frame.subarray(reader.at)
  const given = Buffer.from(typeof auth.hsha === 'string' ? auth.hsha : '', 'latin1')
  const wanted = Buffer.alloc(SIGNATURE_LENGTH)
  wanted[0] = HMAC_SHA256
  wanted.write(createHmac('sha256', secret).update(body).digest('base64'), 1, 'latin1')
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) throw new Error('wrong signature')
  return readTable(reader, frame.length, 0)
}

const key = (name: string): Buffer => Buffer.concat([Buffer.from([name.length]), Buffer.from(name, 'latin1')])

function value(type: number, content: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head[0] = type
  head.writeUInt32BE(content.length, 1)
  return Buffer.concat([head, content])
}

function encodeTable(table: RndcTable): Buffer {
  return Buffer.concat(
    Object.entries(table).flatMap(([name, content]) => [
      key(name),
      typeof content === 'string' ? value(BINARY, Buffer.from(content, 'latin1')) : value(TABLE, encodeTable(content)),
    ]),
  )
}

interface Reader {
  readonly bytes: Buffer
  at: number
}

function take(reader: Reader, length: number, end: number): Buffer {
  if (reader.at + length > end) throw new Error('message cut short')
  reader.at += length
  return reader.bytes.subarray(reader.at - length, reader.at)
}

const readKey = (reader: Reader): string => {
  const end = reader.bytes.length
  return take(reader, take(reader, 1, end)[0]!, end).toString('latin1')
}

function readTable(reader: Reader, end: number, depth: number): RndcTable {
  const table: Record<string, string | RndcTable> = {}
  while (reader.at < end) {
    const name = readKey(reader)
    table[name] = readValue(reader, end, depth)
  }
  return table
}

function readValue(reader: Reader, end: number, depth: number): string | RndcTable {
  const head = take(reader, 5, end)
  const length = head.readUInt32BE(1)
  const stop = reader.at + length
  if (stop > end || depth > 4) throw new Error('message out of bounds')
  if (head[0] === TABLE) return readTable(reader, stop, depth + 1)
  if (head[0] !== BINARY) throw new Error('unexpected type of value')
  return take(reader, length, end).toString('latin1')
}
