import { spawn } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { basename, join } from 'node:path'
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
  private readonly privateFolder: string
  private readonly command: readonly string[]
  private server: Server | undefined
  private inode: number | undefined
  private running = 0

  constructor(layout: Layout, command: readonly string[] = ownCommand('activation-request')) {
    const { activationSocket, guardFolder } = runtimePaths(layout)
    this.path = activationSocket
    this.privateFolder = guardFolder
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
    if (inodeOf(this.path) === this.inode) rmSync(this.path, { force: true })
  }

  /** Nobody else may enter the folder where the socket gets its owner, before it is put where the daemon looks. */
  private async listen(): Promise<void> {
    this.server?.close()
    mkdirSync(this.privateFolder, { recursive: true, mode: 0o700 })
    const path = join(this.privateFolder, basename(this.path))
    rmSync(path, { force: true })
    const server = createServer({ pauseOnConnect: true }, (connection) => this.handOver(connection))
    this.server = server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(path, resolve)
    })
    chownSync(path, 0, systemUser('clawgress')!.gid)
    chmodSync(path, 0o660)
    renameSync(path, this.path)
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
