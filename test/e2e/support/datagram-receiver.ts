import { rmSync } from 'node:fs'
import { calls } from '../../../src/firewall/netlink/libc.ts'

const AF_UNIX = 1
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000
const MSG_DONTWAIT = 0x40

/** A unix socket that takes datagrams, as systemd's own, which Node cannot open. */
export class DatagramReceiver {
  readonly path: string
  readonly #fd = calls.socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0)
  readonly #content = Buffer.alloc(4096)

  constructor(path: string) {
    this.path = path
    rmSync(path, { force: true })
    const address = Buffer.concat([Buffer.from([AF_UNIX, 0]), Buffer.from(`${path}\0`)])
    if (calls.bind(this.#fd, address, address.length) !== 0) throw new Error(`cannot listen on ${path}`)
  }

  /** The next datagram; undefined: none came. */
  receive(): string | undefined {
    const size = calls.recv(this.#fd, this.#content, this.#content.length, MSG_DONTWAIT)
    return size < 0 ? undefined : this.#content.toString('utf8', 0, size)
  }

  [Symbol.dispose](): void {
    calls.close(this.#fd)
  }
}
