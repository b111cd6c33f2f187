import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server, type Socket as StreamSocket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { parseAddress } from '../../../../src/base/address.ts'
import {
  CLASS_IN,
  decodeMessage,
  encodeMessage,
  encodeWithin,
  type Message,
  nameKey,
  RCODE,
  type RData,
  type ResourceRecord,
  responseTo,
  TYPE,
  typeName,
} from '../../../../src/dns/message/index.ts'

/** What a scripted name answers to a type; absent types are empty. */
export interface Scripted {
  readonly answers?: readonly ResourceRecord[]
  readonly authorities?: readonly ResourceRecord[]
  readonly additionals?: readonly ResourceRecord[]
  readonly rcode?: number
  /** Do not answer at all. */
  readonly silent?: boolean
  /** Octets sent over UDP instead of an answer. */
  readonly raw?: (query: Message) => Uint8Array
  readonly delayMs?: number
}

const record = (name: string, type: number, ttl: number, data: RData): ResourceRecord => ({
  name,
  type,
  class: CLASS_IN,
  ttl,
  data,
})

export const address = (name: string, text: string, ttl = 300): ResourceRecord => {
  const bytes = parseAddress(text)!
  return record(name, bytes.length === 4 ? TYPE.A : TYPE.AAAA, ttl, { kind: 'address', address: bytes })
}

export const alias = (name: string, target: string, ttl = 300): ResourceRecord =>
  record(name, TYPE.CNAME, ttl, { kind: 'name', name: target })

export const dname = (name: string, target: string, ttl = 300): ResourceRecord =>
  record(name, TYPE.DNAME, ttl, { kind: 'name', name: target })

export const soa = (zone: string, ttl = 60): ResourceRecord =>
  record(zone, TYPE.SOA, ttl, {
    kind: 'soa',
    mname: 'ns.test',
    rname: 'hostmaster.test',
    serial: 1,
    refresh: 60,
    retry: 60,
    expire: 60,
    minimum: ttl,
  })

export const text = (name: string, value: string, ttl = 300): ResourceRecord =>
  record(name, TYPE.TXT, ttl, { kind: 'txt', strings: [Buffer.from(value)] })

export const other = record

/** A recursive name-server for the resolver view to forward to, that says what a test wants it to say. */
export class NameServerDouble {
  readonly asked: { readonly name: string; readonly type: string; readonly transport: 'udp' | 'stream' }[] = []
  readonly sourcePorts = new Set<number>()
  readonly ids = new Set<number>()
  connections = 0
  /** Answers where no name is scripted. */
  fallback: (name: string, type: number) => Scripted = () => ({ rcode: RCODE.NXDOMAIN, authorities: [soa('.')] })
  private readonly names = new Map<string, Scripted>()
  private readonly datagrams: Socket | undefined
  private readonly server: Server
  private readonly sockets = new Set<StreamSocket>()

  private constructor(tls: TlsOptions | undefined) {
    const take = (socket: StreamSocket) => this.takeStream(socket)
    this.server = tls === undefined ? createServer(take) : createTlsServer(tls, take)
    this.server.on('tlsClientError', () => undefined)
    if (tls !== undefined) return
    this.datagrams = createSocket('udp4')
    this.datagrams.on('message', (bytes, from) => {
      this.sourcePorts.add(from.port)
      this.answer(bytes, 'udp', (reply) => this.datagrams!.send(reply, from.port, from.address))
    })
  }

  /** With `tls`: TLS only. Without: UDP and TCP. */
  static async start(addressText: string, port: number, tls?: TlsOptions): Promise<NameServerDouble> {
    const double = new NameServerDouble(tls)
    double.server.listen(port, addressText)
    await once(double.server, 'listening')
    if (double.datagrams !== undefined) {
      double.datagrams.bind(port, addressText)
      await once(double.datagrams, 'listening')
    }
    return double
  }

  /** Scripts what the name answers to the type. */
  script(name: string, type: number, scripted: Scripted): void {
    this.names.set(`${nameKey(name)} ${type}`, scripted)
  }

  /** Scripts addresses of both families; a name with one family is empty in the other. */
  addresses(name: string, texts: readonly string[], ttl = 300): void {
    const records = texts.map((each) => address(name, each, ttl))
    for (const type of [TYPE.A, TYPE.AAAA]) {
      const answers = records.filter((each) => each.type === type)
      this.script(name, type, answers.length > 0 ? { answers } : { authorities: [soa(name)] })
    }
  }

  /** Scripts a chain: each owner answers with its own record and all that follow, as a recursive server does. */
  chain(type: number, records: readonly ResourceRecord[], authorities: readonly ResourceRecord[] = []): void {
    records.forEach((record, i) => {
      this.script(record.name, type, { answers: records.slice(i), authorities })
    })
  }

  count(name: string): number {
    return this.asked.filter((each) => each.name === name).length
  }

  /** Closes every connection. */
  hangUp(): void {
    for (const socket of this.sockets) socket.destroy()
  }

  stop(): void {
    this.datagrams?.close()
    this.server.close()
    this.hangUp()
  }

  private takeStream(socket: StreamSocket): void {
    this.connections++
    this.sockets.add(socket)
    let received = Buffer.alloc(0)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.sockets.delete(socket))
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const end = 2 + received.readUInt16BE(0)
        this.answer(received.subarray(2, end), 'stream', (reply) => {
          const framed = Buffer.concat([Buffer.of(reply.length >> 8, reply.length & 255), reply])
          if (!socket.destroyed) socket.write(framed)
        })
        received = received.subarray(end)
      }
    })
  }

  private answer(bytes: Buffer, transport: 'udp' | 'stream', send: (reply: Uint8Array) => void): void {
    const query = decodeMessage(bytes)
    const question = query.questions[0]!
    const name = nameKey(question.name)
    this.asked.push({ name, type: typeName(question.type), transport })
    this.ids.add(query.id)
    const scripted = this.names.get(`${name} ${question.type}`) ?? this.fallback(name, question.type)
    if (scripted.silent === true) return
    const reply = () => {
      if (scripted.raw !== undefined && transport === 'udp') return scripted.raw(query)
      const response = responseTo(query, scripted.rcode ?? RCODE.NOERROR, scripted)
      return transport === 'stream' ? encodeMessage(response) : encodeWithin(response, query.edns?.udpSize ?? 512)
    }
    if (scripted.delayMs === undefined) send(reply())
    else setTimeout(() => send(reply()), scripted.delayMs)
  }
}
