import assert from 'node:assert/strict'
import { formatPrefix } from '../../../../src/base/address.ts'
import { type Decision, decide, type Plan, type Question } from '../../../../src/plan/index.ts'
import { ask, type OraclePage, type OraclePolicy } from '../../../unit/plan/oracle.ts'

/** `decide()` and the naive oracle as one: asking fails where the two disagree. */
export class Judge {
  readonly plan: Plan
  readonly policy: OraclePolicy
  /** Questions on which the two have agreed. */
  asked = 0
  readonly #own: string[]
  readonly #page: OraclePage | undefined

  constructor(plan: Plan, policy: OraclePolicy) {
    this.plan = plan
    this.policy = policy
    this.#own = plan.settings.ownPrefixes.map(formatPrefix)
    const { whyPage, listenAddresses: addresses } = plan.settings
    this.#page = whyPage && { name: whyPage.name, addresses }
  }

  decide(question: Omit<Question, 'sni' | 'at'>): Decision {
    const { client, ...rest } = question
    const decision = decide(this.plan, question)
    const { reason, rule, label } = decision
    const expected = ask(this.policy, this.#own, rest, this.#page)
    assert.deepEqual({ reason, rule: rule?.path, label }, expected, JSON.stringify(question))
    this.asked++
    return decision
  }
}
