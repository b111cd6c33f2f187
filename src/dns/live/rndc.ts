import { readFileSync } from 'node:fs'
import { createConnection, type Socket } from 'node:net'
import { ENDPOINTS } from '../../base/endpoints.ts'
import { fail } from '../../base/errors.ts'
import type { Layout } from '../../base/layout.ts'
import { namedPaths } from '../paths.ts'
import { decodeRndc, encodeRndc, LONGEST_MESSAGE, type RndcTable } from './rndc-message.ts'

const PLAIN_ARGUMENT = /^[A-Za-z0-9*_.-]{1,255}$/
/** Milliseconds for one command; `reconfig` with many views takes seconds. */
const DEFAULT_TIMEOUT = 30_000

/**
 * Control channel of our named, spoken directly: one connection, any number of commands one after the other, no process
 * started for each. A thousand flushed names take well under a second.
 */
export class Rndc {
  readonly #socket: Socket
  readonly #secret: Buffer
  #nonce: string | undefined
  #serial = Math.floor(Math.random() * 0x7fffffff)
  #received = Buffer.alloc(0)
  #wake: (() => void) | undefined
  #broken: Error | undefined
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(socket: Socket, secret: Buffer) {
    this.#socket = socket
    this.#secret = secret
    socket.on('data', (data: Buffer) => {
      this.#received = Buffer.concat([this.#received, data])
      if (this.#received.length > 2 * LONGEST_MESSAGE) this.#fail(new Error('the answer is too long'))
      this.#wake?.()
    })
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the connection was closed')))
  }

  /** Connects and says hello. Throws `system.unreachable` where named does not answer within `timeout` ms. */
  static async connect(layout: Layout, timeout = 5_000): Promise<Rndc> {
    const secret = readSecret(layout)
    const socket = createConnection({ host: '127.0.0.1', port: ENDPOINTS.rndcPort, noDelay: true })
    const rndc = new Rndc(socket, secret)
    try {
      const hello = await rndc.#exchange({ type: 'null' }, timeout)
      const control = hello._ctrl
      rndc.#nonce = typeof control === 'object' && typeof control._nonce === 'string' ? control._nonce : undefined
      return rndc
    } catch (error) {
      rndc.close()
      return unreachable(error)
    }
  }

  /**
   * Runs a command, such as `reload b IN g0`, and gives its text. Throws `apply.service` with named's own words where
   * named refuses it, `system.unreachable` where it does not answer.
   */
  command(words: readonly string[], timeout = DEFAULT_TIMEOUT): Promise<string> {
    const bad = words.find((word) => !PLAIN_ARGUMENT.test(word))
    if (bad !== undefined) fail('internal.bug', `${JSON.stringify(bad)} cannot be part of a control command.`)
    const run = this.#turn.then(() => this.#run(words.join(' '), timeout))
    // The caller hears of it; the next command has its turn all the same.
    this.#turn = run.catch(() => undefined)
    return run
  }

  close(): void {
    this.#socket.destroy()
  }

  async #run(command: string, timeout: number): Promise<string> {
    const answer = await this.#exchange({ type: command }, timeout).catch(unreachable)
    const data = typeof answer._data === 'object' ? answer._data : {}
    const { result, err, text } = data
    if (result !== undefined && result !== '0')
      fail('apply.service', `named refused "${command}": ${printable(err ?? text ?? `result ${String(result)}`)}.`)
    return typeof text === 'string' ? text : ''
  }

  async #exchange(data: RndcTable, timeout: number): Promise<RndcTable> {
    const now = Math.floor(Date.now() / 1000)
    this.#serial = (this.#serial + 1) % 0x7fffffff
    const serial = String(this.#serial)
    const control = { _ser: serial, _tim: String(now), _exp: String(now + 60) }
    const nonce = this.#nonce === undefined ? {} : { _nonce: this.#nonce }
    this.#socket.write(encodeRndc({ _ctrl: { ...control, ...nonce }, _data: data }, this.#secret))
    return decodeRndc(await this.#frame(timeout), this.#secret)
  }

  async #frame(timeout: number): Promise<Buffer> {
    const deadline = performance.now() + timeout
    for (;;) {
      const length = this.#received.length < 4 ? undefined : this.#received.readUInt32BE(0)
      if (length !== undefined && length > LONGEST_MESSAGE) this.#fail(new Error('the answer is too long'))
      if (length !== undefined && this.#received.length >= 4 + length) {
        const frame = this.#received.subarray(4, 4 + length)
        this.#received = this.#received.subarray(4 + length)
        return frame
      }
      if (this.#broken !== undefined) throw this.#broken
      const left = deadline - performance.now()
      if (left <= 0) {
        this.#fail(new Error(`no answer within ${timeout} ms`))
        continue
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      this.#wake = undefined
    }
  }

  #fail(error: Error): void {
    this.#broken ??= error
    this.#socket.destroy()
    this.#wake?.()
  }
}

/** Opens the control channel for the time of `work`. */
export async function withRndc<T>(
  layout: Layout,
  work: (rndc: Rndc) => Promise<T>,
  connectTimeout?: number,
): Promise<T> {
  const rndc = await Rndc.connect(layout, connectTimeout)
  try {
    return await work(rndc)
  } finally {
    rndc.close()
  }
}

function readSecret(layout: Layout): Buffer {
  const file = namedPaths(layout).key
  let text = ''
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    fail('system.unreachable', `The control key of named cannot be read (${(error as NodeJS.ErrnoException).code}).`, {
      file,
    })
  }
  const secret = /secret "([A-Za-z0-9+/]{43}=)"/.exec(text)?.[1]
  if (secret === undefined)
    return fail('system.unreachable', 'The control key of named is damaged; delete it and commit again.', { file })
  return Buffer.from(secret, 'base64')
}

const printable = (text: unknown): string =>
  String(typeof text === 'string' ? text : '')
    .replace(/[^\x20-\x7e]+/g, ' ')
    .slice(0, 500)

function unreachable(error: unknown): never {
  return fail(
    'system.unreachable',
    `The gateway's named does not answer on its control port: ${(error as Error).message}.`,
  )
}
