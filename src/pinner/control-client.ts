import { connect } from 'node:net'
import { ClawgressError } from '../base/errors.ts'
import type { ControlCommand, ControlReply, ControlResults } from './control/protocol.ts'

export type {
  ControlResults,
  PinnedName,
  PinnerMetrics,
  PinnerStatus,
  RestoreResult,
  WhoisResult,
} from './control/protocol.ts'

const DEFAULT_TIMEOUT_MS = 30_000
const MAX_REPLY_BYTES = 64 << 20

/**
 * Talks to the pinner over its control socket (`runtimePaths(layout).pinnerSocket`), one connection a command. Every
 * method throws ClawgressError: `system.unreachable` where the pinner does not answer, else what the pinner said.
 */
export class PinnerClient {
  private readonly path: string
  private readonly timeoutMs: number

  constructor(path: string, timeoutMs: number = DEFAULT_TIMEOUT_MS) {
    this.path = path
    this.timeoutMs = timeoutMs
  }

  status(): Promise<ControlResults['status']> {
    return this.call('status', {})
  }

  /** Puts the Plan of a generation's folder in force at once, without a commit around it. */
  load(dir: string): Promise<ControlResults['load']> {
    return this.call('load', { dir })
  }

  stage(dir: string): Promise<ControlResults['stage']> {
    return this.call('stage', { dir })
  }

  activate(): Promise<ControlResults['activate']> {
    return this.call('activate', {})
  }

  abort(): Promise<ControlResults['abort']> {
    return this.call('abort', {})
  }

  pins(filter: { name?: string; group?: string; limit?: number } = {}): Promise<ControlResults['pins']> {
    return this.call('pins', filter)
  }

  whois(addresses: readonly string[]): Promise<ControlResults['whois']> {
    return this.call('whois', { addresses })
  }

  /** Puts all live pins into the kernel again, after the table was lost. */
  restore(): Promise<ControlResults['restore']> {
    return this.call('restore', {})
  }

  /** Takes every pin away and forgets every binding. */
  reset(): Promise<ControlResults['reset']> {
    return this.call('reset', {})
  }

  sweep(): Promise<ControlResults['sweep']> {
    return this.call('sweep', {})
  }

  /** Counts since the last call, by whoever made it: for the daemon alone. */
  resolved(): Promise<ControlResults['resolved']> {
    return this.call('resolved', {})
  }

  metrics(): Promise<ControlResults['metrics']> {
    return this.call('metrics', {})
  }

  private async call<Command extends ControlCommand>(
    command: Command,
    fields: object,
  ): Promise<ControlResults[Command]> {
    const line = await this.exchange(`${JSON.stringify({ ...fields, command })}\n`)
    const reply = JSON.parse(line) as ControlReply
    if (reply.ok) return reply.result as ControlResults[Command]
    throw new ClawgressError(reply.problems)
  }

  private exchange(request: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.path)
      const chunks: Buffer[] = []
      let bytes = 0
      const give = (why: string) => {
        socket.destroy()
        reject(new PinnerUnreachable(why))
      }
      const timer = setTimeout(() => give('it did not answer in time'), this.timeoutMs)
      socket.on('error', (error) => give(error.message))
      socket.on('close', () => {
        clearTimeout(timer)
        give('it closed the connection')
      })
      socket.on('data', (chunk) => {
        chunks.push(chunk)
        bytes += chunk.length
        if (bytes > MAX_REPLY_BYTES) give('its answer is too long')
        if (chunk.at(-1) !== 0x0a) return
        resolve(Buffer.concat(chunks).toString('utf8'))
        socket.destroy()
      })
      socket.write(request)
    })
  }
}

/** Nobody answers on the control socket. */
export class PinnerUnreachable extends ClawgressError {
  /** What happened when it was asked, as the end of a sentence. */
  readonly why: string

  constructor(why: string) {
    super({
      code: 'system.unreachable',
      message: `The pinner does not answer (${why}). Check "show clawgress status" and the log of clawgress-pinner.`,
    })
    this.why = why
  }
}
