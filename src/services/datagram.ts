import { calls, errno } from '../firewall/netlink/libc.ts'

const AF_UNIX = 1
const SOCK_DGRAM = 2
const SOCK_CLOEXEC = 0o2000000
const MSG_DONTWAIT = 0x40
const MSG_NOSIGNAL = 0x4000

/** Sends datagrams to a unix socket, which Node cannot. Never waits, and never throws. */
export class DatagramSender {
  private readonly address: Buffer
  private fd: number | undefined

  /** A path that begins with `@` is a name in Linux' abstract namespace (unix(7)), as systemd writes it. */
  constructor(path: string) {
    const name = path.startsWith('@') ? `\0${path.slice(1)}` : `${path}\0`
    this.address = Buffer.concat([Buffer.from([AF_UNIX, 0]), Buffer.from(name)])
  }

  /** Returns 0, or the errno: nobody took it. */
  send(content: Buffer): number {
    const fd = this.fd ?? calls.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)
    if (fd < 0) return errno()
    this.fd = fd
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL
    return calls.sendto(fd, content, content.length, flags, this.address, this.address.length) < 0 ? errno() : 0
  }

  close(): void {
    if (this.fd !== undefined) calls.close(this.fd)
    this.fd = undefined
  }
}
