import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { decodeMessage, encodeMessage, type Message } from '../../../../src/dns/message/index.ts'

export const EDNS = { udpSize: 4096, version: 0, dnssecOk: false, options: [] }

/** Sends a question from one address of this namespace to another; undefined where nothing comes within `ms`. */
export async function exchange(
  query: Message,
  to: string,
  port: number,
  from: string,
  ms: number,
): Promise<Message | undefined> {
  const socket = createSocket('udp4')
  try {
    socket.bind(0, from)
    await once(socket, 'listening')
    return await new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), ms)
      socket.on('error', () => undefined)
      socket.on('message', (bytes) => {
        clearTimeout(timer)
        resolve(decodeMessage(bytes))
      })
      socket.send(encodeMessage(query), port, to)
    })
  } finally {
    socket.close()
  }
}
