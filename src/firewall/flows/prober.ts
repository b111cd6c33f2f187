import { randomBytes } from 'node:crypto'
import { fail } from '../../base/errors.ts'
import { calls, ERRNO, errno, errnoName, intValue } from '../netlink/libc.ts'
import { PROBE_MARK } from '../ruleset/gateway-chains.ts'
import { type Flow, TCP } from './flow.ts'
import { synSegment } from './syn-segment.ts'

const AF_INET = 2
const AF_INET6 = 10
const SOCK_RAW_CLOEXEC = 3 | 0o2000000
const IPPROTO_RAW = 255
const SOL_SOCKET = 1
const SO_MARK = 36
const MSG_DONTWAIT = 0x40

/**
 * Makes both ends of revoked TCP flows notice, also where both are silent. Each end gets a forged SYN from the other;
 * an end in a synchronised state answers it with a challenge ACK (RFC 5961, section 4.2), which the forward chain
 * refuses with a reset of exactly the right sequence number. Sent past connection tracking. Other protocols are
 * skipped: their ends hear at the next packet. Returns the number of probes sent. Needs CAP_NET_RAW and CAP_NET_ADMIN.
 * Throws ClawgressError `apply.kernel`.
 */
export function probeFlows(flows: readonly Flow[]): number {
  const sockets = new Map<number, number>()
  try {
    let sent = 0
    for (const flow of flows) {
      if (flow.protocol !== TCP) continue
      const family = flow.original.source.length === 4 ? AF_INET : AF_INET6
      const fd = sockets.get(family) ?? rawSocket(family)
      sockets.set(family, fd)
      const { original, reply } = flow
      const client = { address: original.source, port: original.sourcePort }
      const server = { address: reply.source, port: reply.sourcePort }
      // Each end as the other sees it: they differ where addresses are translated.
      const serverSeen = { address: original.destination, port: original.destinationPort }
      const clientSeen = { address: reply.destination, port: reply.destinationPort }
      if (send(fd, synSegment(serverSeen, client, randomBytes(4)), client.address)) sent++
      if (send(fd, synSegment(clientSeen, server, randomBytes(4)), server.address)) sent++
    }
    return sent
  } finally {
    for (const fd of sockets.values()) calls.close(fd)
  }
}

function rawSocket(family: number): number {
  const fd = calls.socket(family, SOCK_RAW_CLOEXEC, IPPROTO_RAW)
  if (fd < 0) fail('apply.kernel', `A raw socket could not be opened (${errnoName(errno())}).`)
  if (calls.setsockopt(fd, SOL_SOCKET, SO_MARK, intValue(PROBE_MARK), 4) < 0) {
    const error = errno()
    calls.close(fd)
    fail('apply.kernel', `A raw socket could not be marked (${errnoName(error)}).`)
  }
  return fd
}

/** False where the packet had nowhere to go: an end that cannot be reached need not be told. */
function send(fd: number, packet: Uint8Array, to: Uint8Array): boolean {
  const address = socketAddress(to)
  for (;;) {
    if (calls.sendto(fd, packet, packet.length, MSG_DONTWAIT, address, address.length) >= 0) return true
    if (errno() !== ERRNO.EINTR) return false
  }
}

/** sockaddr_in or sockaddr_in6; raw sockets take no port. */
function socketAddress(to: Uint8Array): Buffer {
  const four = to.length === 4
  const address = Buffer.alloc(four ? 16 : 28)
  address.writeUInt16LE(four ? AF_INET : AF_INET6)
  address.set(to, four ? 4 : 8)
  return address
}
