import { joinPorts } from './ports.ts'
import type { Policy } from './types.ts'

/** One policy that allows and denies what each of them does: the policy file and the native configuration. */
export function mergePolicies(policies: readonly Policy[]): Policy {
  const description = policies.find((policy) => policy.description !== undefined)?.description
  const ports = policies.flatMap((policy) => policy.ports ?? [])
  return {
    ...(description === undefined ? {} : { description }),
    ...(ports.length === 0 ? {} : { ports: joinPorts(ports) }),
    parts: policies.flatMap((policy) => policy.parts),
  }
}
