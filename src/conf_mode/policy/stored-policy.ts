import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { formatPrefix, parsePrefix } from '../../base/address.ts'
import { FlatNameIndex, type Plan } from '../../plan/index.ts'
import { mergePolicies, type Policy, parsePolicy, readNativePolicy } from '../../policy/index.ts'
import { readSources } from './policy-sources.ts'

const TERMS_FILE = 'terms.json'

const port = z.int().min(1).max(65535)
const ranges = z.array(z.strictObject({ first: port, last: port }))
const attributes = z.strictObject({
  ports: z.exactOptional(ranges),
  protocols: z.exactOptional(z.array(z.enum(['tcp', 'udp']))),
  label: z.exactOptional(z.string()),
  reason: z.exactOptional(z.string()),
  publicSuffix: z.exactOptional(z.boolean()),
  wide: z.exactOptional(z.boolean()),
})
const prefix = z.string().transform((text, context) => {
  const parsed = parsePrefix(text)
  if (parsed === undefined) {
    context.addIssue('not a prefix')
    return z.NEVER
  }
  return { family: parsed.family, bytes: parsed.bytes, length: parsed.length }
})
const terms = z.strictObject({
  description: z.exactOptional(z.string()),
  ports: z.exactOptional(ranges),
  parts: z.array(
    z.strictObject({
      origin: z.enum(['file', 'config']),
      attributes: z.array(attributes),
      spellings: z.exactOptional(z.record(z.string(), z.string())),
      prefixes: z.array(
        z.strictObject({ prefix, list: z.enum(['allow', 'deny', 'label']), position: z.int().min(0), attributes }),
      ),
    }),
  ),
})

/** Writes all of a policy but its names, which lie in the Plan beside it. System errors (ENOSPC) pass. */
export function writeTerms(policy: Policy, folder: string): void {
  const parts = policy.parts.map(({ names: _names, prefixes, ...part }) => ({
    ...part,
    prefixes: prefixes.map((entry) => ({ ...entry, prefix: formatPrefix(entry.prefix) })),
  }))
  writeFileSync(join(folder, TERMS_FILE), JSON.stringify({ ...policy, parts }))
}

/**
 * The policy of a generation: its terms joined with the names of its Plan, because reading a million names from JSON
 * again takes longer than the rest of a commit; from its sources where that cannot be. Undefined where neither can: it
 * serves to show a difference to people, and is no reason to refuse a commit.
 */
export function storedPolicy(folder: string, plan: Plan): Policy | undefined {
  return joinTerms(folder, plan) ?? policyOfSources(folder)
}

function joinTerms(folder: string, plan: Plan): Policy | undefined {
  if (!(plan.names instanceof FlatNameIndex)) return undefined
  const lists = plan.names.groups[0] ?? []
  try {
    const { parts, ...rest } = terms.parse(JSON.parse(readFileSync(join(folder, TERMS_FILE), 'utf8')))
    const fits = parts.length === lists.length && parts.every(({ origin }, i) => origin === lists[i]!.origin)
    return fits ? { ...rest, parts: parts.map((part, i) => ({ ...part, names: lists[i]!.table })) } : undefined
  } catch {
    return undefined
  }
}

/** The policy that a folder's sources say, as of the history, which keeps nothing else. Undefined where they cannot be read. */
export function policyOfSources(folder: string): Policy | undefined {
  try {
    const { file, nodes } = readSources(folder)
    const policies = [
      ...(file === undefined ? [] : [parsePolicy(file).policy]),
      ...(nodes === undefined ? [] : [readNativePolicy(nodes).policy]),
    ]
    return policies.length === 0 ? undefined : mergePolicies(policies)
  } catch {
    return undefined
  }
}
