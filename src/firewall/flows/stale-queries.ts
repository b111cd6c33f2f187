import { formatAddress } from '../../base/address.ts'
import { ENDPOINTS } from '../../base/endpoints.ts'
import type { PlanSettings } from '../../plan/types.ts'
import { deleteFlows, dumpFlows } from './conntrack.ts'

const DNS_PORT = 53

/**
 * Forgets flows to port 53 that do not lead to named on a listen address. Addresses are translated at a flow's first
 * packet only, so a client that asked another resolver before the table was loaded, or an old listen address before it
 * changed, would be refused as long as it keeps its source port. To be called after loading a ruleset where the table
 * was not there before or listen addresses changed. Returns how many were forgotten; throws ClawgressError
 * `apply.kernel`.
 */
export function forgetStaleQueries(settings: PlanSettings): number {
  const named = new Set(settings.listenAddresses)
  const stale = dumpFlows().filter(
    ({ original, reply }) =>
      original.destinationPort === DNS_PORT &&
      !(reply.sourcePort === ENDPOINTS.namedPort && named.has(formatAddress(reply.source))),
  )
  return deleteFlows(stale)
}
