import { createConnection } from 'node:net'
import { ClawgressError } from '../../base/errors.ts'
import { onLines } from '../json-lines.ts'
import { MAX_REPLY, type SupervisorReply, type SupervisorRequest } from './protocol.ts'

/** Nothing listens on the supervisor's socket. */
export class NoSupervisor extends Error {}

/**
 * One request to the supervisor at a socket. Rejects with `NoSupervisor` when there is none, with the supervisor's own
 * problems when it refuses, with `system.unreachable` after `timeoutMs`.
 */
export function askSupervisor(path: string, order: Omit<SupervisorRequest, 'id'>, timeoutMs: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const connection = createConnection(path)
    const end = (settle: () => void) => {
      clearTimeout(timer)
      connection.destroy()
      settle()
    }
    const unreachable = (message: string) => new ClawgressError({ code: 'system.unreachable', message })
    const timer = setTimeout(
      () => end(() => reject(unreachable(`The supervisor did not answer within ${timeoutMs / 1000} s.`))),
      timeoutMs,
    )
    let isConnected = false
    connection.on('connect', () => {
      isConnected = true
      connection.write(`${JSON.stringify({ id: 1, ...order })}\n`)
    })
    connection.on('error', (error: NodeJS.ErrnoException) => {
      const isRefused = !isConnected && (error.code === 'ENOENT' || error.code === 'ECONNREFUSED')
      // unix(7): the other end was closed with our request unread, by a supervisor that was just killed.
      const isAbsent = isRefused || error.code === 'ECONNRESET' || error.code === 'EPIPE'
      end(() =>
        reject(isAbsent ? new NoSupervisor() : unreachable(`The supervisor cannot be reached: ${error.message}.`)),
      )
    })
    connection.on('close', () => end(() => reject(unreachable('The supervisor ended while it was asked.'))))
    onLines(connection, MAX_REPLY, (line) => {
      const reply = JSON.parse(line) as SupervisorReply
      end(() => (reply.ok ? resolve(reply.result) : reject(new ClawgressError(reply.problems))))
    })
  })
}
