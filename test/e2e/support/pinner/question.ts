import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { decodeMessage, encodeMessage, type Message } from '../../../../src/dns/message/index.ts'

export const EDNS = { udpSize: 4096, version: 0, dnssecOk: false, options: [] }

/** An address to ask, its port, and the address of this namespace that asks. */
export interface Way {
  to: string
  port: number
  from: string
}

/** Sends a question; undefined where nothing comes within `ms`. */
export async function exchange(query: Message, way: Way, ms: number): Promise<Message | undefined> {
  const [answer] = await exchangeTogether([query], way, ms)
  return answer
}

/**
 * Sends questions in one burst from one socket; the answers in the order of the questions, undefined where nothing
 * came within `ms`. Each question needs an id of its own.
 */
export async function exchangeTogether(
  queries: readonly Message[],
  { to, port, from }: Way,
  ms: number,
): Promise<(Message | undefined)[]> {
  const socket = createSocket('udp4')
  const answers = new Map<number, Message>()
  try {
    socket.bind(0, from)
    await once(socket, 'listening')
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      socket.on('error', () => undefined)
      socket.on('message', (bytes) => {
        const answer = decodeMessage(bytes)
        answers.set(answer.id, answer)
        if (answers.size < queries.length) return
        clearTimeout(timer)
        resolve()
      })
      for (const query of queries) socket.send(encodeMessage(query), port, to)
    })
  } finally {
    socket.close()
  }
  return queries.map((query) => answers.get(query.id))
}
