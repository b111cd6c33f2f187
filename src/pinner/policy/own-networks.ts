import { networkInterfaces } from 'node:os'
import { holds, type Prefix, parsePrefix } from '../../base/address.ts'
import { monotonicMs } from '../clock.ts'

const STALE_MS = 1_000

/**
 * The addresses this machine has now and the networks they are on. The Plan knows those of the commit; addresses that
 * came since (DHCP, router advertisements) must not become reachable through a name either.
 */
export class OwnNetworks {
  private prefixes: Prefix[] = []
  private readAt = Number.NEGATIVE_INFINITY

  hold(address: Uint8Array): boolean {
    const now = monotonicMs()
    if (now - this.readAt > STALE_MS) {
      this.prefixes = readPrefixes()
      this.readAt = now
    }
    return this.prefixes.some((prefix) => holds(prefix, address))
  }
}

function readPrefixes(): Prefix[] {
  const prefixes: Prefix[] = []
  for (const addresses of Object.values(networkInterfaces())) {
    for (const { cidr } of addresses ?? []) {
      const prefix = cidr === null ? undefined : parsePrefix(cidr)
      if (prefix !== undefined) prefixes.push(prefix)
    }
  }
  return prefixes
}
