import { createSocket, type Socket } from 'node:dgram'
import { createServer, type Server } from 'node:net'
import { ENDPOINTS, pinnerAddress } from '../../../../src/base/endpoints.ts'
import {
  CLASS_IN,
  decodeMessage,
  encodeMessage,
  encodeWithin,
  type Message,
  type ResourceRecord,
  responseTo,
  TYPE,
} from '../../../../src/dns/message/index.ts'

/** What the stand-in answers: records, a response code, or nothing at all. */
export type Reply = { answers?: ResourceRecord[]; additionals?: ResourceRecord[]; rcode?: number } | 'silence'

export const addressRecord = (name: string, octets: readonly number[], ttl = 300): ResourceRecord => ({
  name,
  type: octets.length === 4 ? TYPE.A : TYPE.AAAA,
  class: CLASS_IN,
  ttl,
  data: { kind: 'address', address: Uint8Array.from(octets) },
})

/** Every name has these addresses, as far as this stand-in is concerned. */
export const openWorld = (name: string, type: number): Reply => {
  if (type === TYPE.A) return { answers: [addressRecord(name, [198, 51, 100, 7])] }
  if (type === TYPE.AAAA) return { answers: [addressRecord(name, [0x20, 1, 0xd, 0xb8, ...Array(11).fill(0), 7])] }
  return {}
}

/**
 * Stands behind a group's view where the pinner would, and answers every name: what the view lets through is seen in
 * `asked`, whatever named then tells its client.
 */
export class StandInPinner {
  readonly asked: { name: string; type: number; transport: 'udp' | 'tcp'; checkingDisabled: boolean }[] = []
  reply: (name: string, type: number) => Reply = openWorld
  readonly #udp: Socket = createSocket('udp4')
  readonly #tcp: Server

  private constructor() {
    this.#udp.on('message', (bytes, from) => {
      const response = this.#answer(bytes, 'udp')
      if (response !== undefined) this.#udp.send(response, from.port, from.address)
    })
    this.#tcp = createServer((socket) => {
      let received = Buffer.alloc(0)
      socket.on('error', () => socket.destroy())
      socket.on('data', (data: Buffer) => {
        received = Buffer.concat([received, data])
        while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
          const length = received.readUInt16BE(0)
          const response = this.#answer(received.subarray(2, 2 + length), 'tcp')
          received = received.subarray(2 + length)
          if (response === undefined) continue
          const head = Buffer.alloc(2)
          head.writeUInt16BE(response.length)
          socket.write(Buffer.concat([head, response]))
        }
      })
    })
  }

  /** In the place of a group's pinner, or of any other server. */
  static async start(address = pinnerAddress(0), port: number = ENDPOINTS.pinnerPort): Promise<StandInPinner> {
    const pinner = new StandInPinner()
    await new Promise<void>((done) => pinner.#udp.bind(port, address, done))
    await new Promise<void>((done) => pinner.#tcp.listen(port, address, done))
    return pinner
  }

  names(): string[] {
    return this.asked.map(({ name }) => name)
  }

  async stop(): Promise<void> {
    await new Promise<void>((done) => this.#udp.close(() => done()))
    await new Promise<void>((done) => this.#tcp.close(() => done()))
  }

  #answer(bytes: Uint8Array, transport: 'udp' | 'tcp'): Buffer | undefined {
    const query: Message = decodeMessage(bytes)
    const { name, type } = query.questions[0]!
    const asked = name.toLowerCase()
    this.asked.push({ name: asked, type, transport, checkingDisabled: query.checkingDisabled })
    const reply = this.reply(asked, type)
    if (reply === 'silence') return undefined
    const response = responseTo(query, reply.rcode ?? 0, reply)
    return transport === 'tcp' ? encodeMessage(response) : encodeWithin(response, query.edns?.udpSize ?? 512)
  }
}
