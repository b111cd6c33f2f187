import { type Layout, runtimePaths } from '../base/layout.ts'
import { PinnerClient } from '../pinner/control-client.ts'
import type { LookUpNames } from './records/names-behind.ts'

const TIMEOUT = 1_000

/**
 * Asks the pinner's book. An address that several names lead to gets none: which of them was meant cannot be known,
 * and a wrong name in a record is worse than none.
 */
export function pinnerNames(layout: Layout): LookUpNames {
  const client = new PinnerClient(runtimePaths(layout).pinnerSocket, TIMEOUT)
  return async (addresses) => {
    const found = await client.whois(addresses)
    return new Map(
      Object.entries(found.addresses).flatMap(([address, names]) => {
        const distinct = new Set(names.map(({ name }) => name))
        return distinct.size === 1 ? [[address, names[0]!.name] as const] : []
      }),
    )
  }
}
