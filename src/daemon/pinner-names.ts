import { type Layout, runtimePaths } from '../base/layout.ts'
import { PinnerClient } from '../pinner/control-client.ts'
import type { LookUpNames } from './records/names-behind.ts'

const TIMEOUT = 1_000

/** Asks the pinner's book, which also knows the addresses of open flows whose pins have run out. */
export function pinnerNames(layout: Layout): LookUpNames {
  const client = new PinnerClient(runtimePaths(layout).pinnerSocket, TIMEOUT)
  return async (addresses) => new Map(Object.entries((await client.whois(addresses)).addresses))
}
