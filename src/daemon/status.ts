import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { createConnection, createServer, type Server } from 'node:net'
import { z } from 'zod'
import { type Layout, runtimePaths } from '../base/layout.ts'

/** What the daemon tells about itself. */
export const daemonStatus = z.object({
  startedAt: z.string(),
  generation: z.string().nullable(),
  /** Sentences; empty when all is well. */
  troubles: z.array(z.string()),
  /** Decisions written since the start. */
  records: z.number(),
  /** Flows written since the start. */
  flows: z.number(),
  /** Log lines that decisions were made of. */
  lines: z.number(),
  lastHour: z.record(z.string(), z.number()),
  lost: z.object({
    /** Packets that the kernel could not hand to ulogd2. */
    kernel: z.number(),
    /** Lines that were too long or not understood. */
    unreadable: z.number(),
    /** Records that the disk did not take. */
    disk: z.number(),
    /** Records that syslog did not take; the log file has them. */
    syslog: z.number(),
  }),
  /** Octets of the logs that wait to be read. */
  backlog: z.number(),
})

export type DaemonStatus = z.infer<typeof daemonStatus>

const MAX_CONNECTIONS = 16
const TIMEOUT = 2_000

/** Answers every connection to `${run}/daemon/daemon.sock` with the status as one line of JSON, and closes it. */
export function serveStatus(layout: Layout, status: () => DaemonStatus): Promise<Server> {
  const { daemonFolder, daemonSocket: path } = runtimePaths(layout)
  mkdirSync(daemonFolder, { recursive: true })
  rmSync(path, { force: true })
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.setTimeout(TIMEOUT, () => socket.destroy())
    socket.resume()
    socket.end(`${JSON.stringify(status())}\n`)
  })
  server.maxConnections = MAX_CONNECTIONS
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      chmodSync(path, 0o660)
      resolve(server)
    })
  })
}

/** Undefined where the daemon does not answer within the time (milliseconds). */
export function askDaemon(layout: Layout, timeout = TIMEOUT): Promise<DaemonStatus | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection(runtimePaths(layout).daemonSocket)
    let text = ''
    const timer = setTimeout(() => socket.destroy(), timeout)
    socket.setEncoding('utf8')
    socket.on('data', (part: string) => {
      text += part
      if (text.length > 65536) socket.destroy()
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      clearTimeout(timer)
      try {
        resolve(daemonStatus.parse(JSON.parse(text)))
      } catch {
        resolve(undefined)
      }
    })
  })
}
