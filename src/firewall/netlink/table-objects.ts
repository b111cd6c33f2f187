import { dump, NFPROTO, NFT_MSG, numberOf, textOf } from './dump.ts'
import { readAttributes, readU64 } from './message.ts'
import type { NetlinkSocket } from './socket.ts'

/** Reading of tables, chains, sets and counters (linux/netfilter/nf_tables.h), without libnftables and its caches. */

const GETTABLE = NFT_MSG | 1
const GETCHAIN = NFT_MSG | 4
const GETSET = NFT_MSG | 10
const GETOBJ = NFT_MSG | 19
const GETFLOWTABLE = NFT_MSG | 23
const TABLE_NAME = 1
const TABLE_FLAGS = 2
const TABLE_HANDLE = 4
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

export interface ChainObject {
  readonly name: string
  /** Rules in it plus jumps to it. */
  readonly uses: number
  readonly base: boolean
  /** Of a base chain. */
  readonly policy?: 'accept' | 'drop'
}

export interface TableObject {
  readonly flags: number
  /** Never given to a table again while the machine, or the namespace, is up. */
  readonly handle: number
}

/** Undefined: there is no such table. */
export function readTable(socket: NetlinkSocket, table: string): TableObject | undefined {
  const found = dump(socket, { type: GETTABLE }, (attributes, buffer) => {
    if (textOf(attributes, buffer, TABLE_NAME) !== table) return undefined
    const handle = attributes.get(TABLE_HANDLE)
    return {
      flags: numberOf(attributes, buffer, TABLE_FLAGS),
      handle: handle === undefined ? 0 : readU64(buffer, handle[0]),
    }
  })
  return found[0]
}

export function readChains(socket: NetlinkSocket, table: string): ChainObject[] {
  return dump(socket, { type: GETCHAIN }, (attributes, buffer) => {
    if (textOf(attributes, buffer, CHAIN_TABLE) !== table) return undefined
    const base = attributes.has(CHAIN_HOOK)
    const chain = { name: textOf(attributes, buffer, CHAIN_NAME), uses: numberOf(attributes, buffer, CHAIN_USE), base }
    return base ? { ...chain, policy: numberOf(attributes, buffer, CHAIN_POLICY) === 1 ? 'accept' : 'drop' } : chain
  })
}

/** Named sets and maps. */
export function readSets(socket: NetlinkSocket, table: string): { name: string; kind: 'set' | 'map' }[] {
  return dump(socket, { type: GETSET, only: [[SET_TABLE, table]] }, (attributes, buffer) => {
    const flags = numberOf(attributes, buffer, SET_FLAGS)
    if (textOf(attributes, buffer, SET_TABLE) !== table || (flags & FLAG_ANONYMOUS) !== 0) return undefined
    return { name: textOf(attributes, buffer, SET_NAME), kind: (flags & FLAG_MAP) === 0 ? 'set' : 'map' }
  })
}

export interface CounterObject {
  readonly name: string
  readonly packets: number
  readonly bytes: number
}

export function readCounterObjects(socket: NetlinkSocket, table: string): CounterObject[] {
  return dump(socket, { type: GETOBJ, only: [[OBJ_TABLE, table]] }, (attributes, buffer) => {
    if (textOf(attributes, buffer, OBJ_TABLE) !== table || numberOf(attributes, buffer, OBJ_TYPE) !== OBJECT_COUNTER)
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
    return { name: textOf(attributes, buffer, OBJ_NAME), packets, bytes }
  })
}

/** Has any table, whoever loaded it, a flowtable? */
export const listsFlowtables = (socket: NetlinkSocket): boolean =>
  dump(socket, { type: GETFLOWTABLE, family: NFPROTO.any }, () => true).length > 0
