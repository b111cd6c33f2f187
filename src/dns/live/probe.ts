import { randomBytes, randomInt } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { ENDPOINTS, probeAddress } from '../../base/endpoints.ts'
import { DnsMessageError, decodeMessage, encodeMessage, type Message, queryMessage, TYPE } from '../message/index.ts'

/** Milliseconds that one question waits for its answer. */
const QUESTION_TIMEOUT = 1_000

/** Asks a group's view of our named, from the gateway itself. One question at a time. */
export class ViewProbe {
  readonly #socket: Socket
  readonly #ready: Promise<void>

  constructor(groupId: number) {
    this.#socket = createSocket('udp4')
    this.#ready = new Promise((resolve, reject) => {
      this.#socket.once('error', reject)
      this.#socket.bind({ address: probeAddress(groupId), port: 0 }, () => {
        this.#socket.connect(ENDPOINTS.namedPort, '127.0.0.1', () => {
          // A port that nobody listens on reports an error later, when no question may be waiting for it.
          this.#socket.removeListener('error', reject).on('error', () => undefined)
          resolve()
        })
      })
    })
    // Each question rejects with it; nobody may ever ask one.
    this.#ready.catch(() => undefined)
  }

  /** The answer, or undefined where none came in time or named is not there. */
  async ask(name: string, type: number, timeout = QUESTION_TIMEOUT): Promise<Message | undefined> {
    await this.#ready
    const id = randomInt(65_536)
    const query = encodeMessage(queryMessage(id, { name, type }))
    return new Promise((resolve) => {
      const done = (answer?: Message) => {
        clearTimeout(timer)
        this.#socket.removeListener('message', onMessage)
        this.#socket.removeListener('error', onError)
        resolve(answer)
      }
      const onError = () => done()
      const onMessage = (bytes: Buffer) => {
        const answer = decode(bytes)
        const question = answer?.questions[0]
        if (answer?.id === id && answer.response && question?.name.toLowerCase() === name && question.type === type)
          done(answer)
      }
      const timer = setTimeout(done, timeout)
      this.#socket.on('message', onMessage)
      this.#socket.on('error', onError)
      this.#socket.send(query, (error) => {
        if (error) done()
      })
    })
  }

  /** Is the zone with this canary in force? */
  async sees(canary: string): Promise<boolean> {
    const answer = await this.ask(canary, TYPE.TXT)
    return answer?.rcode === 0 && answer.answers.some((record) => record.type === TYPE.TXT)
  }

  /**
   * What a name that nobody lists gets: `nxdomain` or `nodata` where the deny zone answers, `open` where anything else
   * does, `silent` where nothing does. The top level is random, too: a policy may list any that exists, and `*.invalid`.
   */
  async denial(): Promise<'nxdomain' | 'nodata' | 'open' | 'silent'> {
    const answer = await this.ask(`deny-probe.${randomBytes(16).toString('hex')}`, TYPE.A)
    if (answer === undefined) return 'silent'
    const bySoa = answer.additionals.some((record) => record.type === TYPE.SOA && /^d\.?$/.test(record.name))
    if (!bySoa || answer.answers.length > 0) return 'open'
    return answer.rcode === 3 ? 'nxdomain' : answer.rcode === 0 ? 'nodata' : 'open'
  }

  close(): void {
    this.#socket.close()
  }
}

function decode(bytes: Buffer): Message | undefined {
  try {
    return decodeMessage(bytes)
  } catch (error) {
    if (error instanceof DnsMessageError) return undefined
    throw error
  }
}
