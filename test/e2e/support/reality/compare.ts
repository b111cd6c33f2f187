import type { DecisionRecord } from '../../../../src/daemon/records/kinds/record.ts'
import type { Decision } from '../../../../src/plan/index.ts'
import type { Answered, Connected } from '../agent-worker/index.ts'
import { expectAnswer } from './expect-answer.ts'
import { expectPacket } from './expect-packet.ts'
import type { Judge } from './judge.ts'
import { flowKey, type Observed } from './observe.ts'
import type { ExpectedPins } from './pins.ts'

/** Counts of what was compared, and a sentence for each disagreement. */
export interface Comparison {
  answers: number
  flows: number
  records: number
  readonly disagreements: string[]
}

/** Compares what was seen with what `decide()` and the oracle say. */
export function compare(observed: Observed, judge: Judge, pins: ExpectedPins): Comparison {
  const comparison: Comparison = { answers: 0, flows: 0, records: 0, disagreements: [] }
  for (const answer of observed.answers) compareAnswer(comparison, observed, judge, answer)
  for (const packet of observed.packets) compareFlow(comparison, observed, judge, packet, pins)
  for (const flow of observed.arrived) {
    if (flow.includes(' 53 ')) comparison.disagreements.push(`${flow} reached the internet past the gateway's resolver`)
  }
  return comparison
}

function compareAnswer(comparison: Comparison, observed: Observed, judge: Judge, answer: Answered): void {
  const { name, type, server, transport, status, addresses } = answer
  const expected = expectAnswer(judge, name, type)
  const what = `${name} ${type} of ${server} over ${transport ?? 'udp'}`
  comparison.answers++
  const said = `${status} [${addresses.join(' ')}]`
  const wanted = `${expected.status} [${expected.addresses.join(' ')}]`
  if (said !== wanted) comparison.disagreements.push(`${what}: ${said}, expected ${wanted}`)
  if (expected.denials.length === 0) return
  comparison.records++
  // One question is one record, whatever types it asks for: the first of them tells why.
  const other = expectAnswer(judge, name, type === 'A' ? 'AAAA' : 'A')
  const denials = [...expected.denials, ...other.denials]
  const records = observed.records.filter((record) => record.name === name && record.port === undefined)
  if (!records.some((record) => tells(record, denials))) comparison.disagreements.push(missing(what, denials, records))
}

function compareFlow(
  comparison: Comparison,
  observed: Observed,
  judge: Judge,
  packet: Connected,
  pins: ExpectedPins,
): void {
  const { address, port, protocol } = packet
  const names = pins.namesOf(address)
  const client = address.includes(':') ? observed.client.v6 : observed.client.v4
  const expected = expectPacket(judge, client, packet, names)
  const what = `${flowKey(packet)} (${names.join(' ') || 'no name'})`
  comparison.flows++
  if (expected.reason === 'allow.gateway') {
    if (packet.outcome !== 'open')
      comparison.disagreements.push(`${what} was ${packet.outcome}, expected the gateway's page`)
    return
  }
  const passed = observed.arrived.has(flowKey(packet))
  if (passed !== expected.accepted)
    comparison.disagreements.push(`${what} ${passed ? 'passed' : 'was refused'}, expected ${expected.reason}`)
  if (expected.accepted) return
  if (packet.outcome === 'open' || (protocol === 'tcp' && packet.outcome === 'silent'))
    comparison.disagreements.push(`${what} was ${packet.outcome} to the agent, expected a refusal: ${expected.reason}`)
  comparison.records++
  const denials = expected.explanations.map((decision) => ({
    ...decision,
    reason: expected.reason as Decision['reason'],
  }))
  const records = observed.records.filter(
    (record) =>
      record.client === client &&
      record.port === port &&
      record.protocol === protocol &&
      // An attempt to reach a name by several of its addresses is one record.
      (record.address === address || (record.name !== undefined && names.includes(record.name))),
  )
  if (!records.some((record) => tells(record, denials))) comparison.disagreements.push(missing(what, denials, records))
}

/** Does the record give reason, line and label of one of the decisions? */
const tells = (record: DecisionRecord, decisions: readonly Decision[]): boolean =>
  decisions.some((decision) => explain(record) === explain(decision) && record.generation === decision.generation)

const explain = ({ reason, rule, label }: Pick<DecisionRecord, 'reason' | 'rule' | 'label'>): string =>
  `${reason} by ${rule?.path ?? 'no line'} as ${label ?? 'no label'}`

function missing(what: string, expected: readonly Decision[], records: readonly DecisionRecord[]): string {
  const told = records.map((record) => `${explain(record)} (${record.event} of ${record.generation})`).join(', ')
  const wanted = [...new Set(expected.map(explain))].join(' or ')
  return `${what}: recorded as ${told || 'nothing'}, expected ${wanted} (of ${expected[0]!.generation})`
}
