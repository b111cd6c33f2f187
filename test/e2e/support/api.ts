import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ErrorCode } from '../../../src/base/error-catalogue.ts'
import type { OperationView } from '../../../src/daemon/api/operations.ts'
import { statusOf } from '../../../src/daemon/api/reply.ts'
import type { ConfigDict } from '../../../src/vyos/index.ts'
import { type CommitOptions, LAB_CONFIG, mustCommit } from './commits.ts'
import { type Lab, until } from './lab.ts'

export const ADMIN = 'admin-0123456789abcdef0123456789'
export const OPERATOR = 'operator-0123456789abcdef012345'
export const VIEWER = 'viewer-0123456789abcdef01234567'

const V4 = '62.10.0.2'
const V6 = '2a0b:10::2'
const LISTEN = [V4, V6, '10.77.1.1', '127.0.0.1']

export interface Answer {
  /** 0: nobody answered. */
  readonly status: number
  readonly headers: string
  readonly body: { success: boolean; data: Record<string, unknown>; error: string | null }
}

export interface Asking {
  readonly key?: string
  readonly over?: 'v4' | 'v6'
  /** If-Match. */
  readonly match?: string
}

/** The API of a lab's gateway, called with curl from the gateway itself, over TLS. */
export class ApiCaller {
  private readonly lab: Lab
  private readonly pki: ConfigDict
  /** PEM that curl trusts. */
  readonly authority: string

  private constructor(lab: Lab, authority: string, pki: ConfigDict) {
    this.lab = lab
    this.authority = authority
    this.pki = pki
  }

  /** Configures the API with a key of each role, and waits until it answers. */
  static async open(lab: Lab): Promise<ApiCaller> {
    const folder = lab.paths.folder
    const { status, stderr } = spawnSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-days', '30'],
        ...['-keyout', 'api.key', '-out', 'api.pem', '-subj', '/CN=gw'],
        ...['-addext', `subjectAltName=${LISTEN.map((address) => `IP:${address}`).join()}`],
      ],
      { cwd: folder, encoding: 'utf8' },
    )
    assert.equal(status, 0, stderr)
    const body = (file: string) => readFileSync(join(folder, file), 'utf8').replaceAll(/-----[^-]+-----|\n/g, '')
    const pki = { certificate: { gw: { certificate: body('api.pem'), private: { key: body('api.key') } } } }
    const caller = new ApiCaller(lab, join(folder, 'api.pem'), pki)
    await caller.configure({})
    return caller
  }

  /** Commits `api` with more nodes. */
  async configure(more: object): Promise<void> {
    await mustCommit(this.lab, this.commitOptions(more))
    await until('the API is ready', 10_000, async () => (await this.get('/health', {})).status === 200)
  }

  commitOptions(more: object = {}): CommitOptions {
    const keys = {
      root: { key: ADMIN, role: 'admin' },
      night: { key: OPERATOR, role: 'operator' },
      board: { key: VIEWER, role: 'viewer' },
    }
    const api = { 'listen-address': LISTEN, port: '8443', certificate: 'gw', key: { id: keys }, ...more }
    return { proposed: { ...LAB_CONFIG, api }, pki: this.pki }
  }

  command(path: string, words: readonly string[], host = V4): string[] {
    const place = host.includes(':') ? `[${host}]` : host
    const fixed = ['curl', '-sS', '--max-time', '20', '-i', '-w', '\\n%{http_code}', '--cacert', this.authority]
    return [...fixed, ...words, `https://${place}:8443/clawgress${path}`]
  }

  async curl(path: string, words: readonly string[], host = V4, input = ''): Promise<Answer> {
    const { stdout } = await this.lab.gateway.exec(this.command(path, words, host), { mayFail: true, input })
    const end = stdout.lastIndexOf('\n')
    // An interim answer (100 Continue) has a head of its own.
    const head = stdout.lastIndexOf('\r\n\r\n', end)
    const text = stdout.slice(head + 4, end)
    return {
      status: Number(stdout.slice(end + 1)),
      headers: stdout.slice(0, Math.max(0, head)),
      body: text.startsWith('{') ? JSON.parse(text) : { success: false, data: {}, error: text },
    }
  }

  get(path: string, asking: Asking): Promise<Answer> {
    return this.curl(path, heads(asking), asking.over === 'v6' ? V6 : V4)
  }

  /** As `submit`, but what takes longer than an answer may, as on a busy machine, is followed to its end. */
  async post(path: string, body: object | string, asking: Asking): Promise<Answer> {
    return followed(await this.submit(path, body, asking), (each) => this.get(each, asking))
  }

  /** Objects become JSON; the body goes over standard input, however large. */
  submit(path: string, body: object | string, asking: Asking): Promise<Answer> {
    const words = [...heads(asking), '-H', 'Content-Type: application/json', '--data-binary', '@-']
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    return this.curl(path, words, asking.over === 'v6' ? V6 : V4, text)
  }
}

/** The answer, or what it would have been where it only says that the operation goes on. */
export async function followed(answer: Answer, get: (path: string) => Promise<Answer>): Promise<Answer> {
  if (answer.status !== 202) return answer
  const { id } = answer.body.data
  const operation = await until('the operation has ended', 60_000, async () => {
    const { data } = (await get(`/operations/${id}`)).body
    return data.state !== 'running' && data
  })
  const { result, error } = operation as Partial<OperationView>
  if (result !== undefined) {
    const { headers } = await get('/status')
    return { status: 200, headers, body: { success: true, data: { ...result }, error: null } }
  }
  const [, code] = /\(([a-z.-]+)\)$/.exec(error ?? '') ?? []
  const status = statusOf([{ code: code as ErrorCode, message: '' }])
  return { status, headers: '', body: { success: false, data: {}, error: error ?? null } }
}

const heads = ({ key, match }: Asking): string[] => [
  ...(key === undefined ? [] : ['-H', `X-API-Key: ${key}`]),
  ...(match === undefined ? [] : ['-H', `If-Match: ${match}`]),
]
