import { formatPrefix } from '../../../src/base/address.ts'
import { formatProblem, type Problem } from '../../../src/base/errors.ts'
import { formatPorts, type Policy } from '../../../src/policy/index.ts'

const KIND_WORDS = ['allow', 'allow', 'deny', 'deny', 'label', 'label']

/** Everything that a policy holds, a line each: what the golden files are compared with. */
export function describePolicy(policy: Policy, warnings: readonly Problem[]): string {
  const lines: string[] = []
  if (policy.description !== undefined) lines.push(`description ${policy.description}`)
  lines.push(`ports ${policy.ports === undefined ? 'default' : formatPorts(policy.ports)}`)
  for (const { names, attributes, prefixes } of policy.parts) {
    for (let entry = 0; entry < names.size; entry++) {
      const said = JSON.stringify(attributes[names.attributes[entry]!])
      lines.push(`${KIND_WORDS[names.kind(entry)]} [${names.positions[entry]}] ${names.text(entry)} ${said}`)
    }
    for (const entry of prefixes) {
      lines.push(`${entry.list} [${entry.position}] ${formatPrefix(entry.prefix)} ${JSON.stringify(entry.attributes)}`)
    }
  }
  for (const warning of warnings) lines.push(`warning ${formatProblem(warning)}`)
  return `${lines.join('\n')}\n`
}
