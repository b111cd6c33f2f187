import { spawn } from 'node:child_process'
import { chownSync, rmSync, statSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { type Layout, runtimePaths } from '../../base/layout.ts'
import { ownCommand } from '../../base/own-command.ts'
import { systemUser } from '../../base/system-users.ts'
import { UNIT_MARK } from '../supervisor/strays.ts'
import type { ActivationReply } from './protocol.ts'

/** Uploads and checks may overlap; only one activates at a time. */
const MAX_REQUESTS = 4

const BUSY: ActivationReply = {
  ok: false,
  problems: [{ code: 'apply.busy', message: 'Too many policies are being checked at once; try again shortly.' }],
}

/**
 * Root's end of the socket that the daemon asks for activations on. Every request is handed to a process of its own
 * with nothing but its connection, as inetd does: what a request does to its process happens to no other, and whoever
 * listens has read none of it.
 */
export class ActivationListener {
  private readonly path: string
  private readonly command: readonly string[]
  private server: Server | undefined
  private inode: number | undefined
  private running = 0

  constructor(layout: Layout, command: readonly string[] = ownCommand('activation-request')) {
    this.path = runtimePaths(layout).activationSocket
    this.command = command
  }

  /** Listens where it does not yet, or not any more because the run folder was emptied. Never throws. */
  async look(): Promise<void> {
    if (this.inode !== undefined && inodeOf(this.path) === this.inode) return
    await this.listen().catch(() => {
      this.inode = undefined
    })
  }

  close(): void {
    this.server?.close()
  }

  private async listen(): Promise<void> {
    this.server?.close()
    rmSync(this.path, { force: true })
    const server = createServer({ pauseOnConnect: true }, (connection) => this.handOver(connection))
    this.server = server
    const umask = process.umask(0o117)
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(this.path, resolve)
      })
    } finally {
      process.umask(umask)
    }
    chownSync(this.path, 0, systemUser('clawgress')!.gid)
    this.inode = inodeOf(this.path)
  }

  private handOver(connection: Socket): void {
    connection.on('error', () => connection.destroy())
    if (this.running >= MAX_REQUESTS) {
      connection.end(`${JSON.stringify(BUSY)}\n`)
      return
    }
    // It is not a part of this unit: what it starts must outlive the guard.
    const { [UNIT_MARK]: _, ...env } = process.env
    const [program, ...args] = this.command
    const child = spawn(program!, args, { cwd: '/', env, stdio: [connection, 'ignore', 'inherit'] })
    this.running++
    const ended = () => {
      this.running--
    }
    child.once('error', ended)
    child.once('exit', ended)
    connection.destroy()
  }
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino
}
