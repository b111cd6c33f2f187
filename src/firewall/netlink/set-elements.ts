import { type MessageWriter, NLM_F_ACK, NLM_F_CREATE, NLM_F_REQUEST } from './message.ts'

const NFNL_MSG_BATCH_BEGIN = 0x10
const NFNL_MSG_BATCH_END = 0x11
const NFNL_SUBSYS_NFTABLES = 10
const NFPROTO_INET = 1
const NFT_MSG_NEWSETELEM = (NFNL_SUBSYS_NFTABLES << 8) | 12
const NFT_MSG_DELSETELEM = (NFNL_SUBSYS_NFTABLES << 8) | 14
const NFTA_SET_ELEM_LIST_TABLE = 1
const NFTA_SET_ELEM_LIST_SET = 2
const NFTA_SET_ELEM_LIST_ELEMENTS = 3
const NFTA_LIST_ELEM = 1
const NFTA_SET_ELEM_KEY = 1
const NFTA_SET_ELEM_TIMEOUT = 4
const NFTA_DATA_VALUE = 1

/** Octets that a batch needs besides its messages. */
export const BATCH_OVERHEAD = 40

/** Upper bound of the length of one element message for a set name of that length. */
export const elementMessageLength = (table: string, set: string): number => 88 + table.length + set.length

export function beginBatch(writer: MessageWriter, sequence: number): void {
  writer.end(writer.begin(NFNL_MSG_BATCH_BEGIN, NLM_F_REQUEST, sequence, 0, NFNL_SUBSYS_NFTABLES))
}

export function endBatch(writer: MessageWriter, sequence: number): void {
  writer.end(writer.begin(NFNL_MSG_BATCH_END, NLM_F_REQUEST, sequence, 0, NFNL_SUBSYS_NFTABLES))
}

/** One element of a set of an inet table. */
export interface Element {
  readonly set: string
  readonly key: Uint8Array
  /** Milliseconds; absent: the element stays. */
  readonly timeoutMs?: number
}

/** `add element inet <table> <set>`: no error where the element exists already, and no change to it either. */
export function addElement(
  writer: MessageWriter,
  table: string,
  element: Element,
  sequence: number,
  ack: boolean,
): void {
  writeElement(writer, NFT_MSG_NEWSETELEM, NLM_F_CREATE, table, element, sequence, ack)
}

/** `delete element inet <table> <set>`: ENOENT where there is none. */
export function deleteElement(
  writer: MessageWriter,
  table: string,
  element: Element,
  sequence: number,
  ack: boolean,
): void {
  writeElement(writer, NFT_MSG_DELSETELEM, 0, table, element, sequence, ack)
}

function writeElement(
  writer: MessageWriter,
  type: number,
  flags: number,
  table: string,
  element: Element,
  sequence: number,
  ack: boolean,
): void {
  const message = writer.begin(type, NLM_F_REQUEST | flags | (ack ? NLM_F_ACK : 0), sequence, NFPROTO_INET)
  writer.text(NFTA_SET_ELEM_LIST_TABLE, table)
  writer.text(NFTA_SET_ELEM_LIST_SET, element.set)
  const list = writer.nest(NFTA_SET_ELEM_LIST_ELEMENTS)
  const item = writer.nest(NFTA_LIST_ELEM)
  if (element.timeoutMs !== undefined) writer.u64(NFTA_SET_ELEM_TIMEOUT, element.timeoutMs)
  const key = writer.nest(NFTA_SET_ELEM_KEY)
  writer.bytes(NFTA_DATA_VALUE, element.key)
  writer.endNest(key)
  writer.endNest(item)
  writer.endNest(list)
  writer.end(message)
}
