import { formatAddress } from '../base/address.ts'
import { TABLE } from './names.ts'
import { withSocket } from './netlink/kept-socket.ts'
import { readSetCounters } from './netlink/set-counters.ts'

/**
 * DNS queries of each client that asked in the last ten seconds, counted since it was last silent for as long. An IPv4
 * client is its address, an IPv6 client its /64 (`fd00:1::/64`). Over TCP a connection counts once.
 */
export function readClientQueries(): Record<string, number> {
  return withSocket((socket) => {
    const queries: Record<string, number> = {}
    for (const set of ['dns4', 'dns6'])
      for (const [key, packets] of readSetCounters(socket, TABLE, set)) {
        const text = formatAddress(Buffer.from(key, 'latin1'))
        queries[set === 'dns4' ? text : `${text}/64`] = packets
      }
    return queries
  })
}
