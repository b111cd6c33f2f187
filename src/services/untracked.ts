import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import type { Family, Prefix } from '../base/address.ts'
import { untrackedFamilies } from '../firewall/index.ts'

/** A family whose connections the kernel is told not to track, so that nothing of clients passes in it. */
export interface Untracked {
  readonly family: Family
  /** Interfaces with an address of it that reaches further than the link. */
  readonly interfaces: readonly string[]
}

/** Looks at the kernel of this network namespace. Throws ClawgressError `apply.kernel`, `system.privilege`. */
export function lookForUntracked(): Untracked[] {
  return untrackedFamilies().map((family) => ({ family, interfaces: interfacesWith(family) }))
}

function interfacesWith(family: Family): string[] {
  const isOf = (address: NetworkInterfaceInfo) => address.family === `IPv${family}` && (address.scopeid ?? 0) === 0
  return Object.entries(networkInterfaces()).flatMap(([name, addresses]) => (addresses?.some(isOf) ? name : []))
}

/** Families of the untracked ones that clients use. */
export function untrackedForClients(
  untracked: readonly Untracked[],
  clients: { readonly clientInterfaces: readonly string[]; readonly clientNetworks: readonly Prefix[] },
): Family[] {
  return untracked.flatMap(({ family, interfaces }) =>
    interfaces.some((name) => clients.clientInterfaces.includes(name)) ||
    clients.clientNetworks.some((network) => network.family === family)
      ? family
      : [],
  )
}
