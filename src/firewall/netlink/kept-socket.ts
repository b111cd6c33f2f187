import { readlinkSync } from 'node:fs'
import { NetlinkSocket } from './socket.ts'

interface Kept {
  readonly socket: NetlinkSocket
  readonly namespace: string
}

/** Of this thread, and not in use at the moment. */
let kept: Kept | undefined

/**
 * Lends a netlink socket in the current network namespace for the time of `work`, and keeps it for the next time: when
 * any netfilter socket is closed, Linux (6.18, nft_rcv_nl_event) takes the lock that every transaction needs, and waits
 * under it for an RCU grace period if elements were deleted shortly before. Whoever looks often would so keep the pinner
 * from pinning for 10 to 30 ms at a time.
 */
export function withSocket<Result>(work: (socket: NetlinkSocket) => Result): Result {
  const lent = take()
  let result: Result
  try {
    result = work(lent.socket)
  } catch (error) {
    // What is left of a dump would meet the next one.
    lent.socket.close()
    throw error
  }
  kept?.socket.close()
  kept = lent
  return result
}

function take(): Kept {
  const known = kept
  kept = undefined
  const namespace = readlinkSync('/proc/thread-self/ns/net')
  if (known?.namespace === namespace) return known
  known?.socket.close()
  return { socket: new NetlinkSocket(), namespace }
}
