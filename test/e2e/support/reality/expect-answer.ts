import type { Decision } from '../../../../src/plan/index.ts'
import type { Judge } from './judge.ts'
import { resolve } from './zones.ts'

/** What an agent must be told, and what the record of a denial must say. */
export interface ExpectedAnswer {
  readonly status: 'NOERROR' | 'NXDOMAIN' | 'SERVFAIL'
  readonly addresses: readonly string[]
  readonly denials: readonly Decision[]
}

/** The policy as `decide()` tells it, applied to what the lab's internet says. */
export function expectAnswer(judge: Judge, name: string, type: 'A' | 'AAAA'): ExpectedAnswer {
  const asked = judge.decide({ name })
  if (asked.verdict === 'deny') return { status: 'NXDOMAIN', addresses: [], denials: [asked] }
  const { status, targets, addresses } = resolve(name, type)
  if (status === 'SERVFAIL') return { status, addresses: [], denials: [] }
  const denied = targets.map((target) => judge.decide({ name: target })).find(({ reason }) => reason === 'dns.denied')
  if (denied !== undefined) return { status: 'NXDOMAIN', addresses: [], denials: [denied] }
  const judged = addresses.map((address) => ({ address, decision: judge.decide({ name, address }) }))
  const open = judged.filter(({ decision }) => decision.verdict === 'allow').map(({ address }) => address)
  const shut = judged.filter(({ decision }) => decision.verdict === 'deny').map(({ decision }) => decision)
  return { status, addresses: open.sort(), denials: open.length > 0 ? [] : shut }
}
