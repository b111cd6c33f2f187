import type { IncomingMessage, RequestOptions } from 'node:http'
import { request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { ClawgressError, fail, type Problem } from '../../base/errors.ts'
import { type ActivationResult, activationResult } from '../../services/index.ts'
import { type OperationView, operationView } from './operations.ts'
import { failure } from './reply.ts'
import { alertReport } from './routes/alerts.ts'
import { recordPage } from './routes/records.ts'

export interface ApiClientOptions {
  /** Of the gateway: `https://gateway:8443`. */
  readonly url: string
  readonly key: string
  /** PEM of the authorities to trust; absent: the system's. */
  readonly ca?: string
  /** For one request and its answer. */
  readonly timeoutMs?: number
}

/** Each part as the API describes it. */
export interface RecordQuestion {
  readonly kind?: 'deny' | 'allow' | 'commit' | 'alert' | 'omission'
  readonly client?: string
  readonly name?: string
  readonly reason?: string
  readonly group?: string
  readonly label?: string
  readonly since?: string
  readonly until?: string
  readonly limit?: number
  /** From the page before, which was asked for with the same question. */
  readonly cursor?: string
}

export interface ChangeOptions {
  /** Generation that the change was made for. */
  readonly expected?: string
}

const statusFacts = z.looseObject({
  enforcing: z.boolean(),
  generation: z.string().optional(),
  troubles: z.array(z.string()),
})
const livePolicy = z.object({ generation: z.string(), policy: z.looseObject({}) })
const verdict = z.looseObject({ verdict: z.enum(['allow', 'deny']), reason: z.string(), message: z.string() })
const versionEntry = z.looseObject({ number: z.int(), generation: z.string(), time: z.string(), live: z.boolean() })

const TIMEOUT_MS = 180_000
const MAX_ANSWER = 512 << 20
const POLL_MS = 500

/**
 * The API from a program: every call resolves to the `data` of the answer, or rejects with ClawgressError that holds
 * the gateway's own sentences.
 */
export class ApiClient {
  private readonly options: ApiClientOptions
  private readonly base: URL

  /** Throws `config.value` for a URL that is none, or that would send the key in clear text over a network. */
  constructor(options: ApiClientOptions) {
    this.options = options
    const url = URL.canParse(options.url) ? new URL(options.url) : undefined
    if (url === undefined || !/^https?:$/.test(url.protocol))
      throw new ClawgressError({
        code: 'config.value',
        message: `"${options.url}" is no URL like https://gateway:8443.`,
      })
    if (url.protocol === 'http:' && !/^(localhost|127\.[\d.]+|\[::1\])$/.test(url.hostname))
      fail('config.value', 'The key would cross the network in clear text; use https.')
    this.base = url
  }

  status() {
    return this.get('/status', statusFacts)
  }

  policy() {
    return this.get('/policy', livePolicy)
  }

  alerts() {
    return this.get('/alerts', alertReport)
  }

  /** A page of records, newest first; `searchedTo` says where it ended before the logs did. */
  records(question: RecordQuestion = {}) {
    return this.get(`/records?${printQuery(question)}`, recordPage)
  }

  versions() {
    return this.get('/policy/versions', z.array(versionEntry))
  }

  test(question: { name?: string; client?: string; address?: string; port?: number; protocol?: 'tcp' | 'udp' }) {
    return this.get(`/policy/test?${printQuery(question)}`, verdict)
  }

  /** What activating the policy would change. */
  tryPolicy(policy: Readable | string, options: ChangeOptions = {}): Promise<ActivationResult> {
    return this.change('/policy?dry-run=true', policy, options)
  }

  /** Resolves when the policy is proven live, however long that takes. */
  pushPolicy(policy: Readable | string, options: ChangeOptions = {}): Promise<ActivationResult> {
    return this.change('/policy', policy, options)
  }

  rollback(version: number | string, options: ChangeOptions = {}): Promise<ActivationResult> {
    return this.change('/policy/rollback', JSON.stringify({ version }), options)
  }

  private async change(path: string, body: Readable | string, { expected }: ChangeOptions): Promise<ActivationResult> {
    const headers = {
      'content-type': 'application/json',
      ...(expected === undefined ? {} : { 'if-match': `"${expected}"` }),
    }
    const answer = await this.ask('POST', path, z.union([activationResult, operationView]), headers, body)
    return 'state' in answer ? this.follow(answer) : answer
  }

  private async follow(begun: OperationView): Promise<ActivationResult> {
    let operation = begun
    while (operation.state === 'running') {
      await sleep(POLL_MS)
      operation = await this.get(`/operations/${operation.id}`, operationView)
    }
    const { result, error = 'The change failed.', problems } = operation
    if (result !== undefined) return result
    throw new ClawgressError((problems as Problem[] | undefined) ?? { code: 'apply.proof', message: error })
  }

  private get<Data extends z.ZodType>(path: string, data: Data): Promise<z.output<Data>> {
    return this.ask('GET', path, data, {})
  }

  private async ask<Data extends z.ZodType>(
    method: string,
    path: string,
    data: Data,
    headers: Record<string, string>,
    body?: Readable | string,
  ): Promise<z.output<Data>> {
    const text = await this.exchange(method, path, headers, body)
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      return fail('system.unreachable', `What answers at ${this.base.origin} is not the API of Clawgress.`)
    }
    const refused = failure.safeParse(value)
    if (refused.success) throw new ClawgressError(refused.data.data.problems as Problem[])
    const done = z.object({ success: z.literal(true), data }).safeParse(value)
    if (done.success) return (done.data as { data: z.output<Data> }).data
    return fail('system.unreachable', `The gateway at ${this.base.origin} is of a version that is not understood.`)
  }

  /** One request; the body of whatever answer came. */
  private exchange(
    method: string,
    path: string,
    headers: Record<string, string>,
    body: Readable | string = '',
  ): Promise<string> {
    const { key, ca, timeoutMs = TIMEOUT_MS } = this.options
    const options: RequestOptions = {
      method,
      headers: { ...headers, authorization: `Bearer ${key}` },
      signal: AbortSignal.timeout(timeoutMs),
    }
    const url = new URL(`/clawgress${path}`, this.base)
    const begin = this.base.protocol === 'https:' ? requestTls : requestPlain
    return new Promise((resolve, reject) => {
      const unreachable = (error: Error) =>
        reject(new ClawgressError({ code: 'system.unreachable', message: `${this.base.origin}: ${error.message}.` }))
      const request = begin(url, ca === undefined ? options : ({ ...options, ca } as RequestOptions), (response) => {
        readText(response).then(resolve, unreachable)
      })
      // An answer may come, and the connection end, before the body was taken.
      request.once('error', unreachable)
      if (method === 'GET') request.end()
      else pipeline(typeof body === 'string' ? Readable.from([Buffer.from(body)]) : body, request).catch(unreachable)
    })
  }
}

const printQuery = (question: object): string =>
  String(new URLSearchParams(Object.entries(question).map(([name, value]): [string, string] => [name, String(value)])))

async function readText(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let total = 0
  for await (const part of response as AsyncIterable<Buffer>) {
    total += part.length
    if (total > MAX_ANSWER) throw new Error('the answer is too large')
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}
