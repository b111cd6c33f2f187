import {
  CLASS_IN,
  DnsMessageError,
  decodeHead,
  decodeMessage,
  encodeMessage,
  encodeWithin,
  type Message,
  nameKey,
  RCODE,
  responseTo,
} from '../../dns/message/index.ts'
import { typeName } from '../../dns/message/types.ts'
import type { PinWish } from '../book/pin-batch.ts'
import type { DenialFile } from '../denial-file.ts'
import type { Limits } from '../limits.ts'
import type { Counters } from '../metrics.ts'
import type { PolicyState } from '../policy/policy-state.ts'
import type { Incoming } from '../transport/listener.ts'
import { type AnswerDecision, type Denial, decideAnswer, refusal } from './decide-answer.ts'
import type { PinQueue } from './pin-queue.ts'
import { isAddressType, isOrdinaryType, isServiceType } from './query-types.ts'
import type { ResolvedNames } from './resolved-names.ts'
import type { Resolver } from './resolver.ts'
import { type Shares, shareZone } from './shares.ts'
import type { WildcardNames } from './wildcard-names.ts'

export interface GroupSideParts {
  readonly policy: PolicyState
  readonly resolver: Pick<Resolver, 'ask'>
  readonly queue: PinQueue
  readonly shares: Shares
  readonly wildcardNames: WildcardNames
  readonly denials: DenialFile
  readonly resolved: ResolvedNames
  readonly counters: Counters
  readonly limits: Limits
}

const PLAIN_UDP_SIZE = 512

/**
 * Answers named's views: judges the name, asks the resolver view, judges the answer, has its addresses pinned, and only
 * then answers. Any trouble is a SERVFAIL well before named would give up or ask again.
 */
export class GroupSide {
  private readonly parts: GroupSideParts

  constructor(parts: GroupSideParts) {
    this.parts = parts
  }

  /** Takes one message that named sent to the address of group `index`. Never throws. */
  take(index: number, incoming: Incoming): void {
    let query: Message
    try {
      query = decodeMessage(incoming.bytes)
    } catch {
      replyMalformed(incoming)
      return
    }
    if (query.response) return
    this.parts.counters.queries++
    const rcode = unsupported(query)
    if (rcode !== undefined) {
      send(incoming, query, responseTo(query, rcode))
      return
    }
    const finish = (decision: AnswerDecision) => this.finish(incoming, query, index, decision)
    this.answer(index, query).then(finish, () => finish(refusal({ query }, RCODE.SERVFAIL)))
  }

  private finish(incoming: Incoming, query: Message, index: number, decision: AnswerDecision): void {
    const { counters } = this.parts
    if (decision.response.rcode === RCODE.SERVFAIL) counters.servfail++
    else if (decision.response.rcode === RCODE.REFUSED) counters.refused++
    else counters.answered++
    if (decision.denial !== undefined) this.record(index, query, decision.denial)
    send(incoming, query, decision.response)
  }

  private record(index: number, query: Message, denial: Denial): void {
    const { name, type } = query.questions[0]!
    const group = this.parts.policy.groupAt(index)?.name ?? String(index)
    this.parts.denials.write({ group, name: nameKey(name), type: typeName(type), ...denial })
  }

  private async answer(index: number, query: Message): Promise<AnswerDecision> {
    const { policy, shares, wildcardNames, limits, counters } = this.parts
    const { type, ...question } = query.questions[0]!
    const name = nameKey(question.name)
    const group = policy.groupAt(index)
    if (group === undefined) return refusal({ query }, policy.active === undefined ? RCODE.SERVFAIL : RCODE.REFUSED)
    const verdict = policy.judge(group.key, name)
    if (verdict.reason === 'policy.closed') return refusal({ query }, RCODE.SERVFAIL)
    // An escaped dot is part of a label; the Plan's names have none, so the text would be taken for another name.
    if (name.includes('\\.')) return refusal({ query }, RCODE.REFUSED, { reason: 'dns.not-allowed' })
    if (!verdict.allowed) return refusal({ query }, RCODE.REFUSED, { reason: verdict.reason })
    if (!isOrdinaryType(type)) return refusal({ query }, RCODE.REFUSED, { reason: 'dns.type' })
    if (verdict.wildcardSuffix !== undefined) {
      const short = verdict.wildcardOctets <= limits.wildcardOctets
      if (!short || !wildcardNames.admit(group.key, verdict.wildcardSuffix, name)) {
        counters.overLimit++
        return refusal({ query }, RCODE.REFUSED, { reason: 'dns.limit' })
      }
    }
    this.parts.resolved.note(group.name, name)
    const leave = shares.enter(group.key, shareZone(name, verdict.wildcardSuffix))
    if (leave === undefined) {
      counters.overLimit++
      return refusal({ query }, RCODE.SERVFAIL)
    }
    try {
      return await this.resolve(group.key, query, AbortSignal.timeout(limits.answerDeadlineMs))
    } finally {
      leave()
    }
  }

  private async resolve(groupKey: string, query: Message, signal: AbortSignal): Promise<AnswerDecision> {
    const { policy, resolver, limits, counters } = this.parts
    const question = query.questions[0]!
    const flat = isAddressType(question.type) || isServiceType(question.type)
    let reply: Message
    try {
      reply = await resolver.ask(question, !flat && query.edns?.dnssecOk === true, signal)
    } catch {
      counters.resolverTrouble++
      return refusal({ query }, RCODE.SERVFAIL)
    }
    for (;;) {
      const decision = decideAnswer(query, groupKey, reply, policy, limits)
      if (decision.addresses.length === 0) return decision
      const pinned = await this.pinned(groupKey, query, reply, decision)
      if (pinned !== undefined) return pinned
      if (signal.aborted) return refusal({ query }, RCODE.SERVFAIL)
      await policy.settled(signal)
    }
  }

  /** The decision once its addresses are pinned; undefined where the Plan is changing and the name has no class yet. */
  private async pinned(
    groupKey: string,
    query: Message,
    reply: Message,
    first: AnswerDecision,
  ): Promise<AnswerDecision | undefined> {
    const { policy, queue, limits, counters } = this.parts
    const { name, type } = query.questions[0]!
    let decision = first
    let epoch = policy.epoch
    const wish = (): PinWish | undefined => {
      if (policy.epoch !== epoch) {
        epoch = policy.epoch
        decision = decideAnswer(query, groupKey, reply, policy, limits)
      }
      if (decision.addresses.length === 0 || decision.classKeys.length === 0) return undefined
      const { addresses, targets, classKeys, ttl, partial } = decision
      const pinMs = ttl * 1000 + policy.pinSlackMs
      return { group: groupKey, name: nameKey(name), type, targets, classKeys, partial, addresses, pinMs }
    }
    const outcome = await queue.pin(wish)
    if (outcome === 'void') return decision.addresses.length === 0 ? decision : undefined
    if (outcome === 'pinned') return decision
    counters.pinTrouble++
    return refusal({ query }, RCODE.SERVFAIL, outcome === 'full' ? { reason: 'dns.limit' } : undefined)
  }
}

function unsupported(query: Message): number | undefined {
  if (query.opcode !== 0) return RCODE.NOTIMP
  if (query.questions.length !== 1) return RCODE.FORMERR
  if (query.questions[0]!.class !== CLASS_IN) return RCODE.REFUSED
  if (query.edns !== undefined && query.edns.version !== 0) return RCODE.BADVERS
  return undefined
}

function send(incoming: Incoming, query: Message, response: Message): void {
  const limit = incoming.stream ? 65_535 : Math.max(PLAIN_UDP_SIZE, query.edns?.udpSize ?? PLAIN_UDP_SIZE)
  incoming.reply(encodeWithin(response, limit))
}

function replyMalformed(incoming: Incoming): void {
  try {
    const head = decodeHead(incoming.bytes)
    if (head.response) return
    const query: Message = { ...head, answers: [], authorities: [], additionals: [] }
    incoming.reply(encodeMessage(responseTo(query, RCODE.FORMERR)))
  } catch (error) {
    if (!(error instanceof DnsMessageError)) throw error
  }
}
