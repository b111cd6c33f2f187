import { REASONS, type ReasonCode } from '../../base/reasons.ts'
import { decide } from '../../plan/index.ts'
import type { Plan, Rule } from '../../plan/types.ts'
import type { LookUpNames } from '../records/names-behind.ts'
import type { WhyQuestion } from './question.ts'

/** What a client is told about itself. */
export interface Explanation {
  readonly question: WhyQuestion & { readonly client: string }
  readonly verdict: 'allow' | 'deny'
  readonly reason: ReasonCode
  readonly message: string
  /** The line of the policy that decided. */
  readonly rule?: Rule
  readonly next: string
  /** How to ask for access; absent where nothing is denied. */
  readonly access?: string
}

export const DEFAULT_CONTACT = 'Ask whoever operates this network.'

/** Why this client reaches this or not, by the live Plan; without one everything is denied. */
export async function explain(
  plan: Plan | undefined,
  client: string,
  question: WhyQuestion,
  contact: string = DEFAULT_CONTACT,
  lookUp?: LookUpNames,
): Promise<Explanation> {
  const asked = { ...question, client }
  const { verdict, reason, rule } =
    plan === undefined
      ? { verdict: 'deny' as const, reason: 'policy.closed' as const, rule: undefined }
      : await judge(plan, asked, lookUp)
  return {
    question: asked,
    verdict,
    reason,
    message: REASONS[reason].operator,
    ...(rule === undefined ? {} : { rule }),
    next: REASONS[reason].agent,
    ...(verdict === 'deny' ? { access: contact } : {}),
  }
}

async function judge(plan: Plan, asked: Explanation['question'], lookUp: LookUpNames | undefined) {
  const decision = decide(plan, asked)
  const { name, address } = asked
  if (decision.reason !== 'net.not-pinned' || name !== undefined || address === undefined) return decision
  // A name may have opened the address. Which one is not told: perhaps somebody else asked for it.
  // Where the pinner does not answer, what the policy alone says is still true: nobody is told of more than is open.
  const known = await lookUp?.([address]).catch(() => undefined)
  const isOpen = known
    ?.get(address)
    ?.some((each) => each.group === decision.group && decide(plan, { ...asked, name: each.name }).verdict === 'allow')
  return isOpen === true ? { verdict: 'allow' as const, reason: 'allow.address' as const, rule: undefined } : decision
}
