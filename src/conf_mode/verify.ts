import { ClawgressError, type Problem } from '../base/errors.ts'
import type { Layout } from '../base/layout.ts'
import { compilePlan, type Plan } from '../plan/index.ts'
import { type Policy, parsePolicy } from '../policy/index.ts'
import type { ConfigDict } from '../vyos/index.ts'
import { readPolicyFile } from './policy-file.ts'
import { readSettings } from './settings.ts'
import { readSystemFacts, type SystemFacts } from './system-facts.ts'

/** A configuration that was found right, with the Plan it means. */
export interface Verified {
  readonly plan: Plan
  readonly policy: Policy
  /** The octets of the policy file that were judged: what is activated, whatever happens to the file meanwhile. */
  readonly policyBytes: Buffer
  readonly policyFile: string
  readonly warnings: readonly Problem[]
  readonly facts: SystemFacts
}

/**
 * Checks configuration, router and policy without touching anything, and reports every problem at once
 * (ClawgressError). What it returns can be generated and applied. `candidate` is judged in place of the policy file.
 */
export async function verify(config: ConfigDict, layout: Layout, candidate?: Buffer): Promise<Verified> {
  const { 'policy-file': policyFile } = config
  const problems: Problem[] = []
  // The programs that tell the facts run while the policy is read.
  const [facts, found] = await Promise.all([
    readSystemFacts(),
    typeof policyFile === 'string' ? collect(problems, () => readPolicy(layout, policyFile, candidate)) : undefined,
  ])
  const { settings, warnings, ...about } = readSettings(config, facts, layout)
  problems.unshift(...about.problems)
  if (problems.length > 0 || found === undefined || typeof policyFile !== 'string') throw new ClawgressError(problems)
  const plan = compilePlan(found.policy, settings.plan, { policyFile })
  return { ...found, warnings: [...warnings, ...found.warnings], plan, policyFile, facts }
}

function readPolicy(
  layout: Layout,
  policyFile: string,
  candidate: Buffer | undefined,
): Pick<Verified, 'policy' | 'policyBytes' | 'warnings'> {
  const policyBytes = candidate ?? readPolicyFile(layout, policyFile)
  return { policyBytes, ...parsePolicy(policyBytes, policyFile) }
}

function collect<T>(problems: Problem[], read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof ClawgressError)) throw error
    problems.push(...error.problems)
    return undefined
  }
}
