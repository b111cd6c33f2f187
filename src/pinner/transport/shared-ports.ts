import { monotonicMs } from '../clock.ts'

const PORTS = 65_536
const AGAIN_MS = [15, 60]
/** named closes a socket well within this after its answer. */
const CLOSING_MS = 20

/**
 * named takes a random source port for every question and may take one that another of its open sockets has, too. Both
 * are connected to us, so the kernel gives every answer to one of the two: the other waits for named's retransmission
 * after 1.2 s (about one question in a thousand under load, BIND 9.18). The port tells us, so such answers are sent
 * again when the first socket has gone; named drops what it did not ask for by its id.
 */
export class SharedPorts {
  private readonly open = new Uint16Array(PORTS)
  private readonly shared = new Uint8Array(PORTS)
  private readonly answeredAt = new Float64Array(PORTS).fill(Number.NEGATIVE_INFINITY)

  asked(port: number): void {
    if (this.open[port]! > 0 || monotonicMs() - this.answeredAt[port]! < CLOSING_MS) this.shared[port] = 1
    this.open[port] = Math.min(this.open[port]! + 1, 0xffff)
  }

  answer(port: number, send: () => void): void {
    send()
    if (this.shared[port] === 1) for (const ms of AGAIN_MS) setTimeout(send, ms).unref()
    this.answeredAt[port] = monotonicMs()
    this.open[port] = Math.max(this.open[port]! - 1, 0)
    if (this.open[port] === 0) this.shared[port] = 0
  }
}
