import { formatAddress, parseAddress } from '../../base/address.ts'
import { REASONS, type ReasonCode } from '../../base/reasons.ts'
import { decide, groupOf } from '../../plan/index.ts'
import type { Decision, Group, Plan, Question, Rule } from '../../plan/types.ts'
import type { Incident } from './joiner.ts'
import { type DecisionRecord, RECORD_SCHEMA } from './kinds/record.ts'
import { loggedName, type RawDenial } from './sources/raw-denial.ts'

/** The Plans by which a line may have been decided: the live one, and the one before it. */
export interface Plans {
  readonly live?: Plan
  readonly previous?: Plan | undefined
  /** When the live one took over, in milliseconds since the epoch. */
  readonly liveSince?: number
}

/**
 * The record of an incident: why, by which line of the policy, for whom. `nameBehind` is the name that an address is
 * known by. Who denied knows the reason best; the Plan adds the rest, and the reason where the source has none.
 */
export function explainIncident(incident: Incident, id: string, plans: Plans, nameBehind?: string): DecisionRecord {
  const { first } = incident
  const why = first.source === 'kernel' ? whyPacket(first, plans, nameBehind) : whyQuestion(first, plans)
  const name = first.name ?? loggedName(nameBehind)
  const isRepeated = incident.id !== undefined
  // Field by field, in the order of the log: a flood makes 20 000 of these a second, and spreading costs most of the time.
  const record: Partial<DecisionRecord> = {
    schema: RECORD_SCHEMA,
    event: isRepeated ? 'repeats' : 'decision',
    id,
    time: new Date(isRepeated ? incident.lastTime : first.time).toISOString(),
  }
  if (first.client !== undefined) record.client = first.client
  record.group = why.group
  if (name !== undefined) record.name = name
  if (incident.types.size > 0) record.types = [...incident.types]
  if (first.target !== undefined) record.target = first.target
  if (first.address !== undefined) record.address = first.address
  if (first.port !== undefined) record.port = first.port
  if (first.protocol !== undefined) record.protocol = first.protocol
  record.verdict = 'deny'
  record.reason = why.reason
  if (why.rule !== undefined) record.rule = why.rule
  if (why.label !== undefined) record.label = why.label
  record.generation = why.generation
  record.count = incident.count
  record.message = REASONS[why.reason].operator
  record.next = REASONS[why.reason].agent
  return record as DecisionRecord
}

interface Why {
  readonly reason: ReasonCode
  readonly group: string
  readonly generation: string
  readonly rule?: Rule | undefined
  readonly label?: string | undefined
}

function whyQuestion(raw: RawDenial, plans: Plans): Why {
  const { target, address } = raw
  const what =
    target === undefined ? { name: raw.name!, ...(address === undefined ? {} : { address }) } : { name: target }
  const planned = firstDenial(plans, (plan) => {
    const group = findGroup(plan, raw)
    return decide(plan, { ...clientOf(plan, group, raw), ...what })
  })
  const live = plans.live
  const group = live === undefined ? 'default' : findGroup(live, raw).name
  if (raw.reason === undefined)
    return planned ?? { reason: 'dns.not-allowed', group, generation: live?.generation ?? 'none' }
  const asked = live?.names.judge(findGroup(live, raw).id, raw.name!)
  const isExplained = planned?.reason === raw.reason
  return {
    reason: raw.reason,
    group,
    generation: live?.generation ?? 'none',
    rule: isExplained ? planned.rule : asked?.rule,
    label: isExplained ? planned.label : asked?.label,
  }
}

function whyPacket(raw: RawDenial, plans: Plans, nameBehind: string | undefined): Why {
  const { live } = plans
  const reason = raw.reason ?? 'net.not-pinned'
  if (live === undefined) return { reason, group: raw.group ?? 'default', generation: 'none' }
  const group = findGroup(live, raw)
  const base = { reason, group: group.name, generation: live.generation }
  const flow = question(live, group, raw)
  if (nameBehind !== undefined) {
    // The name explains what it decides, and what it would open but for a pin that has run out; no more, because it may
    // be one that led here under an older Plan.
    const named = decide(live, { ...flow, name: nameBehind })
    const isRunOut = reason === 'net.not-pinned' && named.verdict === 'allow'
    if (named.reason === reason || isRunOut) return { ...base, rule: named.rule, label: named.label }
  }
  const asked = decide(live, flow)
  if (asked.reason === reason) return { ...base, rule: asked.rule, label: asked.label }
  const { previous, liveSince = 0 } = plans
  const before =
    previous === undefined ? undefined : decide(previous, question(previous, findGroup(previous, raw), raw))
  if (reason === 'net.revoked') {
    const { rule, label } = nameBehind === undefined ? {} : live.names.judge(group.id, nameBehind)
    return { ...base, rule, label: label ?? asked.label ?? before?.label }
  }
  if (before?.reason === reason && raw.time < liveSince) {
    return { ...base, generation: before.generation, rule: before.rule, label: before.label }
  }
  return { ...base, label: asked.label }
}

function question(plan: Plan, group: Group, raw: RawDenial): Question {
  const asked: { -readonly [Key in keyof Question]: Question[Key] } = { ...clientOf(plan, group, raw) }
  if (raw.address !== undefined) asked.address = raw.address
  if (raw.port !== undefined) asked.port = raw.port
  if (raw.protocol !== undefined) asked.protocol = raw.protocol
  return asked
}

/** A client that selects the group: the real one, or (the answer's side does not know it) one of the group's own. */
function clientOf(plan: Plan, group: Group, raw: RawDenial): { client: string } | undefined {
  if (raw.client !== undefined) return { client: raw.client }
  const source = group.id === 0 ? undefined : plan.groups[group.id]?.sources[0]
  return source === undefined ? undefined : { client: formatAddress(source.bytes) }
}

function firstDenial(plans: Plans, ask: (plan: Plan) => Decision): Decision | undefined {
  for (const plan of [plans.live, plans.previous]) {
    const decision = plan === undefined ? undefined : ask(plan)
    if (decision?.verdict === 'deny') return decision
  }
  return undefined
}

/** The group a source names by key, name or number; or the client's. */
function findGroup(plan: Plan, raw: RawDenial): Group {
  const wanted = raw.group
  const named = plan.groups.find(({ key, name, id }) => key === wanted || name === wanted || String(id) === wanted)
  return named ?? groupOf(plan, raw.client === undefined ? undefined : parseAddress(raw.client))
}
