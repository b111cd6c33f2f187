import { existsSync } from 'node:fs'
import { replaceWhole } from '../../base/atomic-file.ts'
import { fail } from '../../base/errors.ts'
import type { Layout } from '../../base/layout.ts'
import { currentGeneration } from '../../conf_mode/generation.ts'
import { policyFileTarget } from '../../conf_mode/policy/policy-file.ts'
import { readSources } from '../../conf_mode/policy/policy-sources.ts'
import { storedPolicy } from '../../conf_mode/policy/stored-policy.ts'
import { printPolicy } from '../../policy/index.ts'

/**
 * The policy in force as a policy.json: the policy file as it was activated, or, where the configuration holds policy
 * nodes, a file that says the same as both together.
 */
export function exportedPolicy(layout: Layout): { readonly generation: string; readonly text: Buffer } {
  const live = currentGeneration(layout) ?? fail('system.unreachable', 'No policy is live on this machine.')
  const { file, nodes } = readSources(live.folder)
  if (file !== undefined && nodes === undefined) return { generation: live.id, text: file }
  const policy =
    storedPolicy(live.folder, live.plan) ??
    fail('policy.file', 'What the live policy was made from cannot be read any more; commit again.')
  return { generation: live.id, text: Buffer.from(printPolicy(policy)) }
}

/** Writes it to a new file below /config, whole or not at all. Throws ClawgressError `policy.file`, also where the file exists. */
export function exportPolicy(layout: Layout, typed: string): string {
  if (!typed.startsWith('/config/'))
    fail('policy.file', 'The file must lie below /config; name it as /config/name.json.', { file: typed })
  const target = policyFileTarget(layout, typed)
  if (existsSync(target)) fail('policy.file', 'The file exists already; name another one.', { file: typed })
  const { text } = exportedPolicy(layout)
  try {
    replaceWhole(target, text, 0o640)
  } catch (error) {
    fail('policy.file', `The file cannot be written (${(error as NodeJS.ErrnoException).code}).`, { file: typed })
  }
  return `The policy in force was written to ${typed}.`
}
