import { DEFAULT_PORTS, joinPorts } from './ports.ts'
import type { Policy } from './types.ts'

/**
 * One policy that allows and denies what each of them does: the policy file, and what the configuration adds to it. A
 * description that is added replaces the one before. Ports that are added join those before, the default ones where
 * none were named: nothing that is added takes away what an entry of the file says.
 */
export function mergePolicies(policies: readonly Policy[]): Policy {
  const description = policies.findLast((policy) => policy.description !== undefined)?.description
  const [first, ...added] = policies.map((policy) => policy.ports)
  const addedPorts = added.flatMap((ports) => ports ?? [])
  const ports = addedPorts.length === 0 ? first : joinPorts([...(first ?? DEFAULT_PORTS), ...addedPorts])
  return {
    ...(description === undefined ? {} : { description }),
    ...(ports === undefined ? {} : { ports }),
    parts: policies.flatMap((policy) => policy.parts),
  }
}
