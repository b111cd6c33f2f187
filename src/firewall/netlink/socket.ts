import { fail } from '../../base/errors.ts'
import { calls, ERRNO, errno, errnoName, intValue } from './libc.ts'
import { type Message, NLMSG_DONE, NLMSG_ERROR, NLMSG_OVERRUN, readMessages } from './message.ts'

const AF_NETLINK = 16
const SOCK_RAW_CLOEXEC = 3 | 0o2000000
const NETLINK_NETFILTER = 12
const SOL_SOCKET = 1
const SO_RCVTIMEO = 20
const SO_SNDBUFFORCE = 32
const SO_RCVBUFFORCE = 33
const SOL_NETLINK = 270
const NETLINK_CAP_ACK = 10
const NETLINK_GET_STRICT_CHK = 12
const MSG_DONTWAIT = 0x40
const SOCKET_BUFFER = 4 << 20
const RECEIVE_SECONDS = 5

/** An answer to one request of a batch: errno 0 is an acknowledgement. */
export interface Ack {
  readonly sequence: number
  readonly errno: number
}

/** One persistent netfilter netlink socket, used synchronously: the kernel answers inside send(). */
export class NetlinkSocket {
  readonly #fd: number
  readonly #receive = Buffer.alloc(64 << 10)
  #sequence = Math.floor(Math.random() * 0x7fffffff)

  /** Needs CAP_NET_ADMIN in the current network namespace. Throws ClawgressError `system.privilege`, `apply.kernel`. */
  constructor() {
    this.#fd = calls.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_NETFILTER)
    if (this.#fd < 0) fail('apply.kernel', `A netfilter socket could not be opened (${errnoName(errno())}).`)
    const address = Buffer.alloc(12)
    address.writeUInt16LE(AF_NETLINK)
    if (calls.bind(this.#fd, address, address.length) < 0) {
      fail('apply.kernel', `A netfilter socket could not be bound (${errnoName(errno())}).`)
    }
    // Best effort: without them large batches and many errors at once are refused, and reported as such.
    calls.setsockopt(this.#fd, SOL_SOCKET, SO_SNDBUFFORCE, intValue(SOCKET_BUFFER), 4)
    calls.setsockopt(this.#fd, SOL_SOCKET, SO_RCVBUFFORCE, intValue(SOCKET_BUFFER), 4)
    calls.setsockopt(this.#fd, SOL_NETLINK, NETLINK_CAP_ACK, intValue(1), 4)
    calls.setsockopt(this.#fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, intValue(1), 4)
    const timeout = Buffer.alloc(16)
    timeout.writeUInt32LE(RECEIVE_SECONDS)
    calls.setsockopt(this.#fd, SOL_SOCKET, SO_RCVTIMEO, timeout, timeout.length)
  }

  /** Reserves `count` sequence numbers; returns the first. */
  sequences(count: number): number {
    if (this.#sequence + count >= 0xffffffff) this.#sequence = 1
    const first = this.#sequence
    this.#sequence += count
    return first
  }

  /** Sends a batch and returns every answer to it. Answers to earlier requests are dropped. */
  exchange(data: Buffer, length: number, firstSequence: number, count: number): Ack[] {
    this.#send(data, length)
    const acks: Ack[] = []
    for (;;) {
      const size = this.#recv(MSG_DONTWAIT)
      if (size === undefined) return acks
      for (const message of readMessages(this.#receive, size)) {
        const inBatch = message.sequence >= firstSequence && message.sequence < firstSequence + count
        if (message.type === NLMSG_ERROR && inBatch)
          acks.push({ sequence: message.sequence, errno: this.#errorOf(message) })
      }
    }
  }

  /**
   * Sends one dump request and hands each message to `visit` with the buffer it lies in. Returns the errno the kernel
   * ended it with, 0 for a complete dump.
   */
  dump(data: Buffer, length: number, sequence: number, visit: (message: Message, buffer: Buffer) => void): number {
    this.#send(data, length)
    for (;;) {
      const size = this.#recv(0)
      if (size === undefined)
        fail('apply.kernel', `The kernel did not answer a dump within ${RECEIVE_SECONDS} seconds.`)
      for (const message of readMessages(this.#receive, size)) {
        if (message.sequence !== sequence) continue
        if (message.type === NLMSG_ERROR || message.type === NLMSG_DONE) return this.#errorOf(message)
        if (message.type === NLMSG_OVERRUN) return ERRNO.ENOBUFS
        visit(message, this.#receive)
      }
    }
  }

  close(): void {
    calls.close(this.#fd)
  }

  #send(data: Buffer, length: number): void {
    for (;;) {
      if (calls.send(this.#fd, data, length, 0) === length) return
      const error = errno()
      if (error !== ERRNO.EINTR) fail('apply.kernel', `The kernel took no netfilter request (${errnoName(error)}).`)
    }
  }

  #recv(flags: number): number | undefined {
    for (;;) {
      const size = calls.recv(this.#fd, this.#receive, this.#receive.length, flags)
      if (size >= 0) return size
      const error = errno()
      if (error === ERRNO.EAGAIN) return undefined
      if (error !== ERRNO.EINTR) fail('apply.kernel', `The kernel's answer was lost (${errnoName(error)}).`)
    }
  }

  #errorOf(message: Message): number {
    return message.end - message.start >= 4 ? -this.#receive.readInt32LE(message.start) : 0
  }
}
