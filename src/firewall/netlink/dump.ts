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
} from './message.ts'
import type { NetlinkSocket } from './socket.ts'

/** Families of tables (linux/netfilter.h); a dump of `any` lists those of each. */
export const NFPROTO = { any: 0, inet: 1, ipv4: 2, ipv6: 10 } as const
/** First message type of nf_tables (linux/netfilter/nfnetlink.h, NFNL_SUBSYS_NFTABLES). */
export const NFT_MSG = 10 << 8
const NLM_F_DUMP_INTR = 0x10
const MAX_ATTEMPTS = 20

/** Where in the buffer the value of each attribute of an object lies. */
export type Attributes = ReadonlyMap<number, readonly [start: number, end: number]>

interface DumpRequest {
  readonly type: number
  /** Of the table; inet unless said. */
  readonly family?: (typeof NFPROTO)[keyof typeof NFPROTO]
  /** What the kernel is asked to leave the rest out by. */
  readonly only?: readonly (readonly [attribute: number, value: string])[]
}

/**
 * Hands each object that the kernel lists to `visit`; none where the table or set that was asked for does not exist.
 * Returns true where a change of the ruleset came in between, so that the list may be uneven. Throws ClawgressError
 * `apply.kernel`.
 */
export function dumpOnce(
  socket: NetlinkSocket,
  { type, family = NFPROTO.inet, only = [] }: DumpRequest,
  visit: (attributes: Attributes, buffer: Buffer) => void,
): boolean {
  const request = new MessageWriter(512)
  const sequence = socket.sequences(1)
  const message = request.begin(type, NLM_F_REQUEST | NLM_F_DUMP, sequence, family)
  for (const [attribute, value] of only) request.text(attribute, value)
  request.end(message)
  let isUneven = false
  const error = socket.dump(request.buffer, request.length, sequence, (item, buffer) => {
    if ((item.flags & NLM_F_DUMP_INTR) !== 0) isUneven = true
    visit(attributesOf(buffer, item.start + NF_HEADER_LENGTH - HEADER_LENGTH, item.end), buffer)
  })
  if (error !== 0 && error !== ERRNO.ENOENT)
    fail('apply.kernel', `The kernel's ruleset could not be read (${errnoName(error)}).`)
  return isUneven
}

/** What `read` makes of each object, undefined left out; begun again where a change of the ruleset came in between. */
export function dump<Value>(
  socket: NetlinkSocket,
  request: DumpRequest,
  read: (attributes: Attributes, buffer: Buffer) => Value | undefined,
): Value[] {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const values: Value[] = []
    const isUneven = dumpOnce(socket, request, (attributes, buffer) => {
      const value = read(attributes, buffer)
      if (value !== undefined) values.push(value)
    })
    if (!isUneven) return values
  }
  return fail('apply.kernel', "The kernel's ruleset could not be read: it kept changing.")
}

/** Attributes between `start` and `end`; of several of one type the last. */
export function attributesOf(buffer: Buffer, start: number, end: number): Attributes {
  const found = new Map<number, [number, number]>()
  readAttributes(buffer, start, end, (type, from, to) => found.set(type, [from, to]))
  return found
}

/** Attributes nested in one; none where it is missing. */
export function nestedIn(attributes: Attributes, buffer: Buffer, type: number): Attributes {
  const place = attributes.get(type)
  return place === undefined ? new Map() : attributesOf(buffer, place[0], place[1])
}

/** Empty where there is no such attribute. */
export function textOf(attributes: Attributes, buffer: Buffer, type: number): string {
  const place = attributes.get(type)
  return place === undefined ? '' : readText(buffer, place[0], place[1])
}

/** 32 bits, without a sign; 0 where there is no such attribute. */
export function numberOf(attributes: Attributes, buffer: Buffer, type: number): number {
  const place = attributes.get(type)
  return place === undefined ? 0 : buffer.readUInt32BE(place[0])
}
