import { once } from 'node:events'
import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { ClawgressError, type Problem } from '../../base/errors.ts'
import type { Limits } from '../limits.ts'
import type { ControlReply, ControlRequest } from './protocol.ts'

/**
 * Takes JSON lines on a Unix socket that only root and our group may open, one command at a time over all connections,
 * because commands change the Plan.
 */
export class ControlServer {
  private readonly server: Server
  private readonly path: string
  private readonly limits: Limits
  private readonly run: (request: ControlRequest) => Promise<unknown>
  private readonly connections = new Set<Socket>()
  private last: Promise<unknown> = Promise.resolve()

  constructor(path: string, limits: Limits, run: (request: ControlRequest) => Promise<unknown>) {
    this.path = path
    this.limits = limits
    this.run = run
    this.server = createServer((socket) => this.take(socket))
    this.server.maxConnections = limits.controlConnections
  }

  /** Replaces a socket that a killed pinner left behind. Rejects with the system's error. */
  async open(): Promise<void> {
    rmSync(this.path, { force: true })
    const umask = process.umask(0o177)
    try {
      this.server.listen(this.path)
      await once(this.server, 'listening')
    } finally {
      process.umask(umask)
    }
    chmodSync(this.path, 0o660)
  }

  /** Does work before any command that comes later. */
  first(work: () => Promise<void>): Promise<void> {
    const done = this.last.then(work)
    // The caller hears of it; commands that come later are answered all the same.
    this.last = done.catch(() => undefined)
    return done
  }

  close(): void {
    this.server.close()
    for (const socket of this.connections) socket.destroy()
    rmSync(this.path, { force: true })
  }

  private take(socket: Socket): void {
    this.connections.add(socket)
    let pending = ''
    socket.setEncoding('utf8')
    socket.setTimeout(this.limits.controlIdleMs, () => socket.destroy())
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.connections.delete(socket))
    socket.on('data', (chunk: string) => {
      pending += chunk
      for (let end = pending.indexOf('\n'); end >= 0; end = pending.indexOf('\n')) {
        const line = pending.slice(0, end)
        pending = pending.slice(end + 1)
        this.answer(socket, line)
      }
      if (pending.length > this.limits.controlLineBytes) socket.destroy()
    })
  }

  private answer(socket: Socket, line: string): void {
    const reply = this.last.then(() => this.reply(line))
    this.last = reply
    void reply.then((value) => {
      if (!socket.destroyed) socket.write(`${JSON.stringify(value)}\n`)
    })
  }

  private async reply(line: string): Promise<ControlReply> {
    try {
      return { ok: true, result: await this.run(parseRequest(line)) }
    } catch (error) {
      return { ok: false, problems: problemsOf(error) }
    }
  }
}

function parseRequest(line: string): ControlRequest {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    value = undefined
  }
  if (typeof value === 'object' && value !== null && 'command' in value && typeof value.command === 'string') {
    return value as ControlRequest
  }
  throw new ClawgressError({ code: 'config.syntax', message: 'The line is not a JSON object with a command.' })
}

function problemsOf(error: unknown): readonly Problem[] {
  if (error instanceof ClawgressError) return error.problems
  const code = (error as NodeJS.ErrnoException).code
  const message = error instanceof Error ? error.message : String(error)
  if (code === 'ENOSPC')
    return [{ code: 'apply.disk-full', message: "There is no space left for the pinner's journal." }]
  return [{ code: 'internal.bug', message: `The pinner could not do this: ${message}.` }]
}
