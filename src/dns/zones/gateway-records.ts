import { isIPv4, isIPv6 } from 'node:net'
import type { PlanSettings } from '../../plan/types.ts'

/**
 * Records of the names that the gateway answers to itself, in the order of the addresses. All of them, because a view
 * is one of a group, whose clients come from several networks, and the firewall leads each from every client interface
 * to the page.
 */
export function gatewayRecords({ whyPage, listenAddresses }: PlanSettings): string[] {
  if (whyPage === undefined) return []
  return listenAddresses
    .filter((address) => isIPv4(address) || (isIPv6(address) && !/^fe[89ab]/.test(address)))
    .map((address) => `${whyPage.name} ${isIPv4(address) ? 'A' : 'AAAA'} ${address}`)
}
