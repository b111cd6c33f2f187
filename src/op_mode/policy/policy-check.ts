import { ClawgressError, formatProblem, type Problem } from '../../base/errors.ts'
import { KIND, type Policy, parsePolicy } from '../../policy/index.ts'
import type { Shown } from '../format/shown.ts'
import { counted } from '../format/table.ts'
import { readPolicyFile } from './policy-file.ts'

export interface CheckResult {
  readonly valid: boolean
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

/** Every problem and warning of a policy file. Throws `policy.file` only where it cannot be read at all. */
export function checkPolicyFile(path: string): Shown<CheckResult> {
  const bytes = readPolicyFile(path)
  try {
    const { policy, warnings } = parsePolicy(bytes, path)
    const lines = warnings.map((warning) => `Warning: ${formatProblem(warning)}\n`)
    return {
      data: { valid: true, problems: [], warnings },
      text: `${lines.join('')}The policy is valid: ${countEntries(policy)}.\n`,
    }
  } catch (error) {
    if (!(error instanceof ClawgressError)) throw error
    return {
      data: { valid: false, problems: error.problems, warnings: [] },
      text: error.problems.map((problem) => `${formatProblem(problem)}\n`).join(''),
    }
  }
}

function countEntries(policy: Policy): string {
  let allowed = 0
  let denied = 0
  for (const { names } of policy.parts) {
    for (let entry = 0; entry < names.size; entry++) {
      const kind = names.kind(entry)
      if (kind === KIND.allow || kind === KIND.allowBelow) allowed++
      else if (kind === KIND.deny || kind === KIND.denyBelow) denied++
    }
  }
  const prefixes = policy.parts.flatMap((part) => part.prefixes)
  const listed = (list: string) => prefixes.filter((entry) => entry.list === list).length
  const entries = (domains: number, list: string) =>
    `${counted(domains, 'domain')} and ${counted(listed(list), 'prefix', 'prefixes')}`
  return `${entries(allowed, 'allow')} allowed, ${entries(denied, 'deny')} denied`
}
