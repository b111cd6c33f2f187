import { write } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { DatagramSender } from './datagram.ts'

/** Descriptor on which our own supervisor hears the heart beat; see `watchHeartbeat`. */
export const HEARTBEAT_FD = 3
/** Set where somebody listens on it. */
export const HEARTBEAT_VARIABLE = 'CLAWGRESS_HEARTBEAT'

const BEAT_MS = 1_000

/**
 * Tells whoever supervises this program that it has started and is at work: systemd by sd_notify(3), our own supervisor
 * through a pipe. Stops telling where `progressed` was not called for `stuckMs` milliseconds, or the event loop stands still.
 */
export class Heartbeat {
  private readonly systemd: DatagramSender | undefined
  private readonly hasPipe: boolean
  private readonly timer: NodeJS.Timeout
  private progressedAt = performance.now()
  private isWriting = false
  private isReadyTold = false

  constructor(stuckMs: number, env: NodeJS.ProcessEnv = process.env) {
    const { NOTIFY_SOCKET } = env
    this.systemd = NOTIFY_SOCKET === undefined ? undefined : new DatagramSender(NOTIFY_SOCKET)
    this.hasPipe = env[HEARTBEAT_VARIABLE] !== undefined
    // Programs that this one starts have no such pipe, and are not the ones that systemd asks.
    delete env[HEARTBEAT_VARIABLE]
    delete env.NOTIFY_SOCKET
    this.timer = setInterval(() => {
      if (performance.now() - this.progressedAt < stuckMs) this.beat()
    }, BEAT_MS)
    this.beat()
  }

  progressed(): void {
    this.progressedAt = performance.now()
  }

  stop(): void {
    clearInterval(this.timer)
    this.systemd?.close()
  }

  private beat(): void {
    // Until systemd took it once: it kills a unit that does not say that it has started.
    const told = this.isReadyTold ? 'WATCHDOG=1' : 'READY=1\nWATCHDOG=1'
    if (this.systemd?.send(Buffer.from(told)) === 0) this.isReadyTold = true
    // A supervisor that does not read now will find one beat, and must not hold us up.
    if (!this.hasPipe || this.isWriting) return
    this.isWriting = true
    write(HEARTBEAT_FD, '.', () => {
      this.isWriting = false
    })
  }
}
