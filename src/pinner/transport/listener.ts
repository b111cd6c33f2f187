import { createSocket, type Socket as DatagramSocket, type RemoteInfo } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import type { Limits } from '../limits.ts'
import { frame, Unframer } from './framing.ts'
import { SharedPorts } from './shared-ports.ts'

/** A message as it came in, and how to answer it. */
export interface Incoming {
  readonly bytes: Buffer
  readonly stream: boolean
  readonly reply: (bytes: Uint8Array) => void
}

const RECEIVE_BUFFER = 4 << 20

/** Takes DNS messages over UDP and TCP on one loopback address. Only this machine can reach it. */
export class Listener {
  private readonly datagrams: DatagramSocket
  private readonly server: Server
  private readonly connections = new Set<Socket>()
  private readonly ports = new SharedPorts()

  private constructor(
    private readonly take: (incoming: Incoming) => void,
    private readonly limits: Limits,
  ) {
    this.datagrams = createSocket('udp4')
    this.datagrams.on('message', (bytes, from) => this.takeDatagram(bytes, from))
    this.server = createServer((socket) => this.takeConnection(socket))
    this.server.maxConnections = limits.tcpConnections
  }

  /** Resolves when both sockets are bound; rejects with the system's error where one cannot be. */
  static async open(
    address: string,
    port: number,
    limits: Limits,
    take: (incoming: Incoming) => void,
  ): Promise<Listener> {
    const listener = new Listener(take, limits)
    try {
      listener.datagrams.bind(port, address)
      await once(listener.datagrams, 'listening')
      listener.server.listen(port, address)
      await once(listener.server, 'listening')
    } catch (error) {
      listener.close()
      throw error
    }
    // Errors of single packets (a reply that found nobody) concern nobody else.
    listener.datagrams.on('error', () => undefined)
    listener.server.on('error', () => undefined)
    growBuffer(listener.datagrams)
    return listener
  }

  close(): void {
    try {
      this.datagrams.close()
    } catch {
      // It was never bound.
    }
    this.server.close()
    for (const socket of this.connections) socket.destroy()
  }

  private takeDatagram(bytes: Buffer, from: RemoteInfo): void {
    if (!from.address.startsWith('127.')) return
    this.ports.asked(from.port)
    const send = (answer: Uint8Array) => this.datagrams.send(answer, from.port, from.address, () => undefined)
    const reply = (answer: Uint8Array) => this.ports.answer(from.port, () => send(answer))
    this.take({ bytes, stream: false, reply })
  }

  private takeConnection(socket: Socket): void {
    if (socket.remoteAddress?.startsWith('127.') !== true) {
      socket.destroy()
      return
    }
    this.connections.add(socket)
    const unframer = new Unframer()
    let working = 0
    socket.setNoDelay(true)
    socket.setTimeout(this.limits.tcpIdleMs, () => socket.destroy())
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.connections.delete(socket))
    socket.on('data', (chunk) => {
      for (const bytes of unframer.push(chunk)) {
        if (++working > this.limits.tcpPipelined) {
          socket.destroy()
          return
        }
        const reply = (answer: Uint8Array) => {
          working--
          if (!socket.destroyed) socket.write(frame(answer))
        }
        this.take({ bytes: Buffer.from(bytes), stream: true, reply })
      }
    })
  }
}

function growBuffer(socket: DatagramSocket): void {
  try {
    socket.setRecvBufferSize(RECEIVE_BUFFER)
  } catch {
    // The kernel's own size stays.
  }
}
