import { planIndex } from './group-index.ts'
import type { Group, Plan } from './types.ts'

/** The group of a client (4 or 16 octets): the longest source prefix wins; nobody's client is the default group's. */
export function groupOf(plan: Plan, client?: Uint8Array): Group {
  const found = client === undefined ? undefined : planIndex(plan).sources.longest(client)
  return found?.group ?? plan.groups[0]!
}

/** Is the client served at all? Without configured client networks every source is. */
export const isServed = (plan: Plan, client: Uint8Array): boolean =>
  plan.settings.clientNetworks.length === 0 || planIndex(plan).served.holds(client)
