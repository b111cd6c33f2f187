import type { ReasonCode } from '../../base/reasons.ts'
import {
  isAtOrBelow,
  type Message,
  nameKey,
  RCODE,
  type ResourceRecord,
  responseTo,
  TYPE,
} from '../../dns/message/index.ts'
import type { Limits } from '../limits.ts'
import type { PolicyState } from '../policy/policy-state.ts'
import { type Chain, ChainError, followChain } from './chain.ts'
import { isAddressType, isRedirectType, isServiceType } from './query-types.ts'
import { safeBindings } from './service-binding.ts'

/** Why a question did not get what it asked for, as the record of it says. */
export interface Denial {
  readonly reason: ReasonCode
  /** Name of the chain that the deny list holds. */
  readonly target?: string
  /** An address that no name may open. */
  readonly address?: Uint8Array
}

/** What named is told, and what must be true in the kernel before it is told. */
export interface AnswerDecision {
  readonly response: Message
  readonly denial?: Denial
  /** Addresses in the response; pinned before it is sent. */
  readonly addresses: readonly Uint8Array[]
  readonly targets: readonly string[]
  readonly classKeys: readonly string[]
  /** Seconds that named may keep the addresses. */
  readonly ttl: number
  /** Addresses were left out that another Plan may let in. */
  readonly partial: boolean
}

interface Asked {
  readonly query: Message
  readonly groupKey: string
  readonly name: string
  readonly type: number
  readonly maxTtl: number
}

/**
 * Turns the resolver's reply into the answer that named gets: it stands alone (asked name as owner, least TTL of the
 * chain, nothing foreign), holds only addresses that may be pinned, and leads nowhere that the pinner has not seen.
 * The name itself is judged again here, because the Plan may have changed since it was asked.
 */
export function decideAnswer(
  query: Message,
  groupKey: string,
  reply: Message,
  policy: PolicyState,
  limits: Limits,
): AnswerDecision {
  const question = query.questions[0]!
  const asked: Asked = { query, groupKey, name: nameKey(question.name), type: question.type, maxTtl: policy.maxTtl }
  const verdict = policy.judge(groupKey, asked.name)
  if (!verdict.allowed) return refusal(asked, RCODE.REFUSED, { reason: verdict.reason })
  if (reply.rcode !== RCODE.NOERROR && reply.rcode !== RCODE.NXDOMAIN) return refusal(asked, RCODE.SERVFAIL)
  let chain: Chain
  try {
    chain = followChain(reply, asked.name, asked.type, limits.chainLinks)
  } catch (error) {
    if (error instanceof ChainError) return refusal(asked, RCODE.SERVFAIL)
    throw error
  }
  const denied = chain.targets.find((target) => policy.denied(groupKey, target))
  if (denied !== undefined) return deniedTarget(asked, denied, policy)
  const { classKeys } = verdict
  if (chain.records.length === 0) return negative(asked, reply, chain)
  if (isAddressType(asked.type)) return addressAnswer(asked, chain, policy, limits, classKeys)
  if (isServiceType(asked.type)) return serviceAnswer(asked, chain, policy, limits, classKeys)
  // An alias in named's cache would send it to a name that the pinner refuses; flat answers have no aliases.
  if (isRedirectType(asked.type)) return plainAnswer(asked, [])
  return plainAnswer(asked, otherRecords(asked, reply, chain))
}

/** An answer that ends the question without records; nothing of it stays in named's cache. */
export function refusal(asked: Pick<Asked, 'query'>, rcode: number, denial?: Denial): AnswerDecision {
  return { ...plainAnswer(asked, [], rcode), ...(denial === undefined ? {} : { denial }) }
}

function plainAnswer(
  asked: Pick<Asked, 'query'>,
  answers: readonly ResourceRecord[],
  rcode: number = RCODE.NOERROR,
  authorities: readonly ResourceRecord[] = [],
): AnswerDecision {
  const response = responseTo(asked.query, rcode, { answers, authorities })
  return { response, addresses: [], targets: [], classKeys: [], ttl: 0, partial: false }
}

/** Negative answers without an SOA record are passed on by named but not cached: seen with BIND 9.18. */
function deniedTarget(asked: Asked, target: string, policy: PolicyState): AnswerDecision {
  const nodata = policy.active?.plan.settings.denyAnswer === 'nodata'
  return refusal(asked, nodata ? RCODE.NOERROR : RCODE.NXDOMAIN, { reason: 'dns.denied', target })
}

const least = (asked: Asked, chain: Chain, records: readonly ResourceRecord[]) =>
  Math.min(asked.maxTtl, chain.linkTtl, ...records.map((record) => record.ttl))

/** As the asked name's own record. */
const flat = (asked: Asked, record: ResourceRecord, ttl: number): ResourceRecord => ({
  ...record,
  name: asked.query.questions[0]!.name,
  ttl,
})

function addressAnswer(
  asked: Asked,
  chain: Chain,
  policy: PolicyState,
  limits: Limits,
  classKeys: readonly string[],
): AnswerDecision {
  const ttl = least(asked, chain, chain.records)
  const answers: ResourceRecord[] = []
  const addresses: Uint8Array[] = []
  const seen = new Set<string>()
  let denial: Denial | undefined
  for (const record of chain.records) {
    if (record.data.kind !== 'address') continue
    const { address } = record.data
    const key = address.join()
    if (seen.has(key)) continue
    seen.add(key)
    const verdict = policy.judgeAddress(asked.groupKey, address)
    if (!verdict.pinnable) denial ??= { reason: verdict.reason, address }
    else if (addresses.length < limits.answerAddresses) {
      addresses.push(address)
      answers.push(flat(asked, record, ttl))
    }
  }
  // No such type rather than no such name: the other family may have addresses that are good.
  if (answers.length === 0) return refusal(asked, RCODE.NOERROR, denial)
  const response = responseTo(asked.query, RCODE.NOERROR, { answers })
  return { response, addresses, targets: chain.targets, classKeys, ttl, partial: denial !== undefined }
}

function serviceAnswer(
  asked: Asked,
  chain: Chain,
  policy: PolicyState,
  limits: Limits,
  classKeys: readonly string[],
): AnswerDecision {
  let room = limits.answerAddresses
  let partial = false
  const pinnable = (address: Uint8Array) => {
    const good = policy.judgeAddress(asked.groupKey, address).pinnable
    if (!good) partial = true
    return good && room-- > 0
  }
  const ttl = least(asked, chain, chain.records)
  const safe = safeBindings(chain.records, asked.name, pinnable)
  const answers = safe.records.map((record) => flat(asked, record, ttl))
  const response = responseTo(asked.query, RCODE.NOERROR, { answers })
  return { response, addresses: safe.addresses, targets: chain.targets, classKeys, ttl, partial }
}

/** Records of other types: as they are, with their signatures, where the asked name holds them itself. */
function otherRecords(asked: Asked, reply: Message, chain: Chain): ResourceRecord[] {
  const ttl = least(asked, chain, chain.records)
  const records = chain.records.map((record) => flat(asked, record, ttl))
  if (chain.targets.length > 0 || asked.query.edns?.dnssecOk !== true) return records
  const signatures = reply.answers.filter(
    (record) => record.type === TYPE.RRSIG && nameKey(record.name) === asked.name && covers(record, asked.type),
  )
  return [...records, ...signatures.map((record) => flat(asked, record, ttl))]
}

const covers = (signature: ResourceRecord, type: number): boolean =>
  signature.data.kind === 'opaque' &&
  signature.data.data.length > 2 &&
  ((signature.data.data[0]! << 8) | signature.data.data[1]!) === type

/** The SOA record lets named cache that there is nothing; at the end of a chain it moves to the asked name. */
function negative(asked: Asked, reply: Message, chain: Chain): AnswerDecision {
  const soa = reply.authorities.find((record) => record.type === TYPE.SOA)
  if (soa === undefined) return plainAnswer(asked, [], reply.rcode)
  const ttl = least(asked, chain, [soa])
  const owner = isAtOrBelow(asked.name, nameKey(soa.name)) ? soa.name : asked.query.questions[0]!.name
  return plainAnswer(asked, [], reply.rcode, [{ ...soa, name: owner, ttl }])
}
