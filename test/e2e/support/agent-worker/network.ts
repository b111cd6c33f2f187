import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import dnsPacket from 'dns-packet'
import type { Answered, Asked, Connected, Target } from './messages.ts'

/** A datagram that dies with its receiver is lost, so an agent's resolver asks again. */
const ASK_AGAIN_MS = 600

/** Asks one question from a port of its own; always resolves. */
export async function ask(question: Asked, timeoutMs: number): Promise<Answered> {
  const since = performance.now()
  const over = question.transport === 'tcp' ? askStream : askDatagram
  let heard = await over(question, timeoutMs)
  if (heard.isCut) heard = await askStream(question, timeoutMs)
  return { ...question, status: heard.status, addresses: heard.addresses, ms: performance.now() - since }
}

interface Heard {
  readonly status: string
  readonly addresses: readonly string[]
  readonly isCut: boolean
}

const nothing = (status: string): Heard => ({ status, addresses: [], isCut: false })

function encode({ name, type }: Asked, id: number): Buffer {
  return dnsPacket.encode({ type: 'query', id, flags: dnsPacket.RECURSION_DESIRED, questions: [{ type, name }] })
}

/** Undefined where the message answers another question. */
function decode(octets: Buffer, id: number): Heard | undefined {
  const message = dnsPacket.decode(octets) as ReturnType<typeof dnsPacket.decode> & { rcode: string; flag_tc: boolean }
  if (message.id !== id) return undefined
  const records = (message.answers ?? []).filter((record) => record.type === 'A' || record.type === 'AAAA')
  const addresses = records.map((record) => String((record as { data: unknown }).data))
  return { status: message.rcode, addresses, isCut: message.flag_tc }
}

function askDatagram(question: Asked, timeoutMs: number): Promise<Heard> {
  const id = randomInt(0x10000)
  const socket = createSocket(question.server.includes(':') ? 'udp6' : 'udp4')
  return new Promise((resolve) => {
    let again: NodeJS.Timeout | undefined
    const finish = (heard: Heard) => {
      clearTimeout(limit)
      clearInterval(again)
      socket.removeAllListeners()
      socket.on('error', () => undefined)
      socket.close()
      resolve(heard)
    }
    const limit = setTimeout(() => finish(nothing('TIMEOUT')), timeoutMs)
    socket.on('error', () => finish(nothing('REFUSED-SOCKET')))
    socket.on('message', (octets) => {
      const heard = decode(octets, id)
      if (heard !== undefined) finish(heard)
    })
    socket.connect(53, question.server, () => {
      socket.send(encode(question, id))
      again = setInterval(() => socket.send(encode(question, id)), ASK_AGAIN_MS)
    })
  })
}

/** RFC 1035, section 4.2.2: each message behind its length in two octets. */
function askStream(question: Asked, timeoutMs: number): Promise<Heard> {
  const id = randomInt(0x10000)
  const socket = connect({ host: question.server, port: 53 })
  let octets = Buffer.alloc(0)
  return new Promise((resolve) => {
    const finish = (heard: Heard) => {
      clearTimeout(limit)
      socket.destroy()
      resolve(heard)
    }
    const limit = setTimeout(() => finish(nothing('TIMEOUT')), timeoutMs)
    socket.on('error', () => finish(nothing('REFUSED-SOCKET')))
    socket.on('close', () => finish(nothing('REFUSED-SOCKET')))
    socket.on('data', (data) => {
      octets = Buffer.concat([octets, data])
      if (octets.length < 2 || octets.length < 2 + octets.readUInt16BE()) return
      finish(decode(octets.subarray(2, 2 + octets.readUInt16BE()), id) ?? nothing('FOREIGN'))
    })
    const query = encode(question, id)
    const length = Buffer.alloc(2)
    length.writeUInt16BE(query.length)
    socket.on('connect', () => socket.write(Buffer.concat([length, query])))
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
