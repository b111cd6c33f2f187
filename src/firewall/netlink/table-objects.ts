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

/** Reading of tables, chains, sets and counters (linux/netfilter/nf_tables.h), without libnftables and its caches. */

const NFPROTO_INET = 1
const NFT_MSG = 10 << 8
const GETTABLE = NFT_MSG | 1
const GETCHAIN = NFT_MSG | 4
const GETSET = NFT_MSG | 10
const GETOBJ = NFT_MSG | 19
const TABLE_NAME = 1
const TABLE_FLAGS = 2
const CHAIN_TABLE = 1
const CHAIN_NAME = 3
const CHAIN_HOOK = 4
const CHAIN_POLICY = 5
const CHAIN_USE = 6
const SET_TABLE = 1
const SET_NAME = 2
const SET_FLAGS = 3
const FLAG_ANONYMOUS = 1
const FLAG_MAP = 8
const OBJ_TABLE = 1
const OBJ_NAME = 2
const OBJ_TYPE = 3
const OBJ_DATA = 4
const OBJECT_COUNTER = 1
const COUNTER_BYTES = 1
const COUNTER_PACKETS = 2
const NLM_F_DUMP_INTR = 0x10
const MAX_ATTEMPTS = 20

type Attributes = ReadonlyMap<number, readonly [start: number, end: number]>

export interface ChainObject {
  readonly name: string
  /** Rules in it plus jumps to it. */
  readonly uses: number
  readonly base: boolean
  /** Of a base chain. */
  readonly policy?: 'accept' | 'drop'
}

/** Undefined: there is no such table. */
export function readTable(socket: NetlinkSocket, table: string): { readonly flags: number } | undefined {
  const found = dump(socket, GETTABLE, undefined, (attributes, buffer) =>
    text(attributes, buffer, TABLE_NAME) === table ? { flags: u32(attributes, buffer, TABLE_FLAGS) } : undefined,
  )
  return found[0]
}

export function readChains(socket: NetlinkSocket, table: string): ChainObject[] {
  return dump(socket, GETCHAIN, undefined, (attributes, buffer) => {
    if (text(attributes, buffer, CHAIN_TABLE) !== table) return undefined
    const base = attributes.has(CHAIN_HOOK)
    const chain = { name: text(attributes, buffer, CHAIN_NAME), uses: u32(attributes, buffer, CHAIN_USE), base }
    return base ? { ...chain, policy: u32(attributes, buffer, CHAIN_POLICY) === 1 ? 'accept' : 'drop' } : chain
  })
}

/** Named sets and maps. */
export function readSets(socket: NetlinkSocket, table: string): { name: string; kind: 'set' | 'map' }[] {
  return dump(socket, GETSET, [SET_TABLE, table], (attributes, buffer) => {
    const flags = u32(attributes, buffer, SET_FLAGS)
    if (text(attributes, buffer, SET_TABLE) !== table || (flags & FLAG_ANONYMOUS) !== 0) return undefined
    return { name: text(attributes, buffer, SET_NAME), kind: (flags & FLAG_MAP) === 0 ? 'set' : 'map' }
  })
}

export interface CounterObject {
  readonly name: string
  readonly packets: number
  readonly bytes: number
}

export function readCounterObjects(socket: NetlinkSocket, table: string): CounterObject[] {
  return dump(socket, GETOBJ, [OBJ_TABLE, table], (attributes, buffer) => {
    if (text(attributes, buffer, OBJ_TABLE) !== table || u32(attributes, buffer, OBJ_TYPE) !== OBJECT_COUNTER)
      return undefined
    let packets = 0
    let bytes = 0
    const data = attributes.get(OBJ_DATA)
    if (data !== undefined) {
      readAttributes(buffer, data[0], data[1], (type, start) => {
        if (type === COUNTER_BYTES) bytes = readU64(buffer, start)
        if (type === COUNTER_PACKETS) packets = readU64(buffer, start)
      })
    }
    return { name: text(attributes, buffer, OBJ_NAME), packets, bytes }
  })
}

/** A dump that another change of the ruleset interrupted is begun again. */
function dump<Value>(
  socket: NetlinkSocket,
  type: number,
  filter: readonly [attribute: number, value: string] | undefined,
  read: (attributes: Attributes, buffer: Buffer) => Value | undefined,
): Value[] {
  const request = new MessageWriter(512)
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const sequence = socket.sequences(1)
    request.reset()
    const message = request.begin(type, NLM_F_REQUEST | NLM_F_DUMP, sequence, NFPROTO_INET)
    if (filter !== undefined) request.text(filter[0], filter[1])
    request.end(message)
    const values: Value[] = []
    let interrupted = false
    const error = socket.dump(request.buffer, request.length, sequence, (item, buffer) => {
      if ((item.flags & NLM_F_DUMP_INTR) !== 0) interrupted = true
      const attributes = new Map<number, [number, number]>()
      const first = item.start + NF_HEADER_LENGTH - HEADER_LENGTH
      readAttributes(buffer, first, item.end, (kind, start, end) => attributes.set(kind, [start, end]))
      const value = read(attributes, buffer)
      if (value !== undefined) values.push(value)
    })
    if (error === ERRNO.ENOENT) return []
    if (error !== 0) fail('apply.kernel', `The kernel's ruleset could not be read (${errnoName(error)}).`)
    if (!interrupted) return values
  }
  return fail('apply.kernel', "The kernel's ruleset could not be read: it kept changing.")
}

function text(attributes: Attributes, buffer: Buffer, type: number): string {
  const place = attributes.get(type)
  return place === undefined ? '' : readText(buffer, place[0], place[1])
}

function u32(attributes: Attributes, buffer: Buffer, type: number): number {
  const place = attributes.get(type)
  return place === undefined ? 0 : buffer.readUInt32BE(place[0])
}
