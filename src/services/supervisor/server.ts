import { rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { ClawgressError, fail } from '../../base/errors.ts'
import { onLines } from '../json-lines.ts'
import type { SupervisedChild } from './child.ts'
import { MAX_REQUEST, requestSchema, type SupervisorReply, type SupervisorRequest } from './protocol.ts'

const MAX_CONNECTIONS = 32
/** A connection that says nothing for so long is closed, in milliseconds. */
const IDLE_MS = 120_000

/** Answers requests about the units. `onShutdown` is called once the reply to `shutdown` is on its way. */
export function supervisorServer(children: ReadonlyMap<string, SupervisedChild>, onShutdown: () => void): Server {
  const server = createServer((connection) => {
    connection.setTimeout(IDLE_MS, () => connection.destroy())
    connection.on('error', () => connection.destroy())
    onLines(connection, MAX_REQUEST, (line) => void answer(connection, line, children, onShutdown))
  })
  server.maxConnections = MAX_CONNECTIONS
  return server
}

/** Listens on a unix socket that only root can open, in place of one that a dead process left. */
export async function listenForRoot(server: Server, path: string): Promise<void> {
  rmSync(path, { force: true })
  const umask = process.umask(0o177)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(path, resolve)
    })
  } finally {
    process.umask(umask)
  }
}

async function answer(
  connection: Socket,
  line: string,
  children: ReadonlyMap<string, SupervisedChild>,
  onShutdown: () => void,
): Promise<void> {
  const request = parse(line)
  if (request === undefined) {
    connection.destroy()
    return
  }
  const reply = await carryOut(request, children)
  if (connection.writable) connection.write(`${JSON.stringify(reply)}\n`)
  if (request.command === 'shutdown') onShutdown()
}

function parse(line: string): SupervisorRequest | undefined {
  try {
    return requestSchema.parse(JSON.parse(line))
  } catch {
    return undefined
  }
}

async function carryOut(
  request: SupervisorRequest,
  children: ReadonlyMap<string, SupervisedChild>,
): Promise<SupervisorReply> {
  const { id, command } = request
  try {
    if (command === 'status') return { id, ok: true, result: [...children.values()].map((child) => child.status()) }
    if (command === 'shutdown') return { id, ok: true, result: null }
    const child = children.get(request.unit ?? '')
    if (child === undefined) fail('internal.bug', `The supervisor knows no unit "${request.unit ?? ''}".`)
    if (command === 'stop' || command === 'restart') await child.stop()
    if (command === 'start' || command === 'restart') await child.start()
    if (command === 'reload') child.reload()
    return { id, ok: true, result: child.status() }
  } catch (error) {
    if (error instanceof ClawgressError) return { id, ok: false, problems: error.problems }
    return { id, ok: false, problems: [{ code: 'internal.bug', message: `The supervisor failed: ${String(error)}.` }] }
  }
}
