import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import dnsPacket from 'dns-packet'
import type { Answered, Asked, Connected, Target } from './messages.ts'

/** Asks one question over UDP from a port of its own; always resolves. */
export function ask(question: Asked, timeoutMs: number): Promise<Answered> {
  const { name, type, server } = question
  const since = performance.now()
  const id = randomInt(0x10000)
  const socket = createSocket(server.includes(':') ? 'udp6' : 'udp4')
  return new Promise((resolve) => {
    const finish = (status: string, addresses: readonly string[] = []) => {
      clearTimeout(limit)
      socket.removeAllListeners()
      socket.on('error', () => undefined)
      socket.close()
      resolve({ ...question, status, addresses, ms: performance.now() - since })
    }
    const limit = setTimeout(() => finish('TIMEOUT'), timeoutMs)
    socket.on('error', () => finish('REFUSED-SOCKET'))
    socket.on('message', (octets) => {
      const message = dnsPacket.decode(octets) as ReturnType<typeof dnsPacket.decode> & { rcode: string }
      if (message.id !== id) return
      const records = (message.answers ?? []).filter((record) => record.type === 'A' || record.type === 'AAAA')
      finish(
        message.rcode,
        records.map((record) => String((record as { data: unknown }).data)),
      )
    })
    const flags = dnsPacket.RECURSION_DESIRED
    const query = dnsPacket.encode({ type: 'query', id, flags, questions: [{ type, name }] })
    socket.connect(53, server, () => socket.send(query))
  })
}

/** Opens a connection and closes it, or sends a datagram and waits for an answer; always resolves. */
export function tryConnect(target: Target, timeoutMs: number): Promise<Connected> {
  const since = performance.now()
  return new Promise((resolve) => {
    const begin = target.protocol === 'udp' ? sendDatagram : openStream
    const finish = (outcome: Connected['outcome']) => {
      clearTimeout(limit)
      close()
      resolve({ ...target, outcome, ms: performance.now() - since })
    }
    const limit = setTimeout(() => finish('silent'), timeoutMs)
    const close = begin(target, finish)
  })
}

type Finish = (outcome: Connected['outcome']) => void

function openStream({ address, port }: Target, finish: Finish): () => void {
  const socket = connect({ host: address, port })
  socket.on('error', () => finish('refused'))
  socket.on('connect', () => finish('open'))
  // A reset leaves no TIME_WAIT behind, so that thousands of connections do not run out of ports.
  return () => (socket.connecting || socket.destroyed ? socket.destroy() : socket.resetAndDestroy())
}

function sendDatagram({ address, port }: Target, finish: Finish): () => void {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  socket.on('error', () => finish('refused'))
  socket.on('message', () => finish('open'))
  socket.connect(port, address, () => socket.send('.'))
  return () => {
    socket.removeAllListeners()
    socket.on('error', () => undefined)
    socket.close()
  }
}
