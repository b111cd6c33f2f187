import { groupIndex, planIndex } from './group-index.ts'
import { PrefixIndex } from './prefix-index.ts'
import { embeddedIPv4, isNat64, SPECIAL_PURPOSE } from './special-purpose.ts'
import type { AddressVerdict, Plan } from './types.ts'

const PINNABLE: AddressVerdict = { pinnable: true, reason: 'allow.name' }
const REBIND: AddressVerdict = { pinnable: false, reason: 'dns.rebind' }
const DENIED: AddressVerdict = { pinnable: false, reason: 'net.denied' }

const special = new PrefixIndex(SPECIAL_PURPOSE.map((prefix) => ({ prefix })))

/** Is the address one that no name may open by itself: special-purpose, by IANA's registries? */
export const isSpecialPurpose = (bytes: Uint8Array): boolean => !isNat64(bytes) && special.holds(bytes)

/**
 * May an allowed name of the group make this address (4 or 16 octets) reachable? The deny list wins; a prefix listed
 * under `ips` opens what is inside it; special-purpose, own, on-link and client addresses stay closed. IPv6 forms that
 * carry an IPv4 address are judged by both, but one that is listed itself is not asked for what it carries, except by
 * the deny list.
 */
export function judgeAddress(plan: Plan, groupId: number, bytes: Uint8Array): AddressVerdict {
  const group = plan.groups[groupId]
  if (group === undefined || (bytes.length !== 4 && bytes.length !== 16)) return REBIND
  const { denied, statics } = groupIndex(group)
  const embedded = bytes.length === 16 ? embeddedIPv4(bytes) : []
  if (denied.holds(bytes)) return DENIED
  for (const inner of embedded) if (denied.holds(inner)) return DENIED
  if (statics.holds(bytes)) return PINNABLE
  const { own } = planIndex(plan)
  if (own.holds(bytes) || isSpecialPurpose(bytes)) return REBIND
  for (const inner of embedded) {
    if (!statics.holds(inner) && (own.holds(inner) || special.holds(inner))) return REBIND
  }
  return PINNABLE
}
