import { once } from 'node:events'
import net from 'node:net'
import koffi from 'koffi'
import { parseAddress } from '../../../src/base/address.ts'
import { calls, errno, errnoName, intValue } from '../../../src/firewall/netlink/libc.ts'
import type { Inside, Namespace } from './netns.ts'

const AF_INET = 2
const AF_INET6 = 10
const STREAM = 1 | 0o2000000
const DATAGRAM = 2 | 0o2000000 | 0o4000
const RAW = 3 | 0o2000000
const MSG_DONTWAIT = 0x40
const connectCall = koffi.load('libc.so.6').func('int connect(int fd, const void *address, uint32 length)')

/** sockaddr_in or sockaddr_in6. */
function socketAddress(text: string, port: number): Buffer {
  const bytes = parseAddress(text)!
  const address = Buffer.alloc(bytes.length === 4 ? 16 : 28)
  address.writeUInt16LE(bytes.length === 4 ? AF_INET : AF_INET6)
  address.writeUInt16BE(port, 2)
  address.set(bytes, bytes.length === 4 ? 4 : 8)
  return address
}

const familyOf = (text: string) => (text.includes(':') ? AF_INET6 : AF_INET)

/** A TCP server on every address of a namespace that keeps its connections, and answers what it is sent. */
export class TcpServer {
  readonly connections: net.Socket[] = []
  readonly #server: net.Server

  constructor(namespace: Namespace, port: number) {
    this.#server = net.createServer((socket) => {
      this.connections.push(socket)
      socket.on('error', () => {})
      socket.on('data', (data) => socket.write(data))
    })
    namespace.inside(() => this.#server.listen(port))
  }

  /** The server's end of a client's connection. */
  async peerOf(client: net.Socket): Promise<net.Socket> {
    for (;;) {
      const found = this.connections.find((socket) => socket.remotePort === client.localPort)
      if (found !== undefined) return found
      await once(this.#server, 'connection')
    }
  }

  close(): void {
    for (const socket of this.connections) socket.destroy()
    this.#server.close()
  }
}

/** Connects from a namespace; resolves to the socket, or to the error's code (`ETIMEDOUT` after `timeoutMs`). */
export function tcpConnect(
  namespace: Namespace,
  host: string,
  port: number,
  timeoutMs = 2000,
): Promise<net.Socket | string> {
  const fd = namespace.inside(() => calls.socket(familyOf(host), STREAM, 0))
  const socket = new net.Socket({ fd })
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      socket.destroy()
      resolve('ETIMEDOUT')
    }, timeoutMs)
    socket.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      resolve(error.code ?? error.message)
    })
    socket.connect(port, host, () => {
      clearTimeout(timer)
      socket.removeAllListeners('error')
      socket.on('error', () => {})
      resolve(socket)
    })
  })
}

const getsockopt = koffi
  .load('libc.so.6')
  .func('int getsockopt(int fd, int level, int option, void *value, void *length)')

/** The sequence number that a connection sends next (TCP_REPAIR); the connection is of no use afterwards. */
export function sendSequence(socket: net.Socket): Buffer {
  const { fd } = (socket as unknown as { _handle: { fd: number } })._handle
  const [IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_QUEUE, TCP_QUEUE_SEQ, SEND_QUEUE] = [6, 19, 20, 21, 2] as const
  const length = Buffer.from([4, 0, 0, 0])
  const value = Buffer.alloc(4)
  calls.setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, intValue(1), 4)
  calls.setsockopt(fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, intValue(SEND_QUEUE), 4)
  if (getsockopt(fd, IPPROTO_TCP, TCP_QUEUE_SEQ, value, length) < 0) throw new Error('no sequence number')
  return value.reverse()
}

/** `open` or the error's code; the connection is closed again. */
export async function tcpTry(namespace: Namespace, host: string, port: number, timeoutMs?: number): Promise<string> {
  const result = await tcpConnect(namespace, host, port, timeoutMs)
  if (typeof result === 'string') return result
  result.destroy()
  return 'open'
}

/** A UDP socket of a namespace, bound or connected, that is polled. */
export class UdpSocket {
  readonly fd: number

  constructor(namespace: Namespace, family: string) {
    this.fd = namespace.inside(() => calls.socket(familyOf(family), DATAGRAM, 0))
  }

  bind(address: string, port: number): this {
    const bytes = socketAddress(address, port)
    if (calls.bind(this.fd, bytes, bytes.length) < 0) throw new Error(`bind ${address}: ${errnoName(errno())}`)
    return this
  }

  connect(address: string, port: number): this {
    const bytes = socketAddress(address, port)
    if (connectCall(this.fd, bytes, bytes.length) < 0) throw new Error(`connect ${address}: ${errnoName(errno())}`)
    return this
  }

  /** Undefined, or the error's code: errors of earlier datagrams show up here. */
  send(text: string): string | undefined {
    const data = Buffer.from(text)
    return calls.send(this.fd, data, data.length, MSG_DONTWAIT) < 0 ? errnoName(errno()) : undefined
  }

  /** Text of the next datagram, or the error's code, within the time. */
  async receive(timeoutMs = 1000): Promise<string> {
    const buffer = Buffer.alloc(2048)
    for (const end = Date.now() + timeoutMs; Date.now() < end; await new Promise((wake) => setTimeout(wake, 2))) {
      const length = calls.recv(this.fd, buffer, buffer.length, MSG_DONTWAIT)
      if (length >= 0) return buffer.toString('latin1', 0, length)
      const error = errnoName(errno())
      if (error !== 'EAGAIN' && error !== 'EWOULDBLOCK') return error
    }
    return 'ETIMEDOUT'
  }

  close(): void {
    calls.close(this.fd)
  }
}

/** Sends one datagram and waits: `answered` or an error's code. */
export async function udpTry(namespace: Namespace, host: string, port: number, timeoutMs?: number): Promise<string> {
  const socket = new UdpSocket(namespace, host).connect(host, port)
  try {
    socket.send('question')
    const got = await socket.receive(timeoutMs)
    return got === 'answer' ? 'answered' : got
  } finally {
    socket.close()
  }
}

/** Answers every datagram to an address and port until closed. */
export class UdpServer {
  received = 0
  readonly #socket: UdpSocket
  readonly #timer: NodeJS.Timeout

  constructor(namespace: Namespace, address: string, port: number) {
    this.#socket = new UdpSocket(namespace, address).bind(address, port)
    this.#timer = setInterval(() => this.#answer(), 2)
  }

  #answer(): void {
    const buffer = Buffer.alloc(2048)
    const from = Buffer.alloc(28)
    const length = Buffer.alloc(4)
    for (;;) {
      length.writeUInt32LE(from.length)
      if (recvfrom(this.#socket.fd, buffer, buffer.length, MSG_DONTWAIT, from, length) < 0) return
      this.received++
      const answer = Buffer.from('answer')
      calls.sendto(this.#socket.fd, answer, answer.length, MSG_DONTWAIT, from, length.readUInt32LE())
    }
  }

  close(): void {
    clearInterval(this.#timer)
    this.#socket.close()
  }
}

const recvfrom = koffi
  .load('libc.so.6')
  .func('long recvfrom(int fd, void *data, size_t length, int flags, void *address, void *addressLength)')

/** Sends a whole IP packet, header included, from a namespace. */
export function sendRaw(namespace: Inside, packet: Uint8Array, to: string): void {
  const fd = namespace.inside(() => calls.socket(familyOf(to), RAW, 255))
  const address = socketAddress(to, 0)
  const sent = calls.sendto(fd, packet, packet.length, 0, address, address.length)
  const error = errno()
  calls.close(fd)
  if (sent < 0) throw new Error(`raw packet to ${to}: ${errnoName(error)}`)
}
