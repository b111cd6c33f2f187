import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { request } from 'node:http'
import { join } from 'node:path'
import fc from 'fast-check'
import { before, describe, it } from 'mocha'
import { inNamespace } from '../../../src/standalone/lab/namespace.ts'
import { ADMIN } from '../support/api.ts'
import { current, history, LAB_CONFIG, mustCommit, policyFile } from '../support/commits.ts'
import { until, useLab } from '../support/lab.ts'
import { policyOf } from '../support/reach.ts'

const POLICY = policyOf('api.openai.com')

/** Passes connections to a path on to the API, which listens in another network namespace. */
const RELAY = `
const net = require('node:net')
net.createServer((from) => {
  const to = net.connect(8443, '127.0.0.1')
  for (const [one, other] of [[from, to], [to, from]]) one.on('error', () => other.destroy()).pipe(other)
}).listen(process.argv[1])`

describe('garbage that is posted to the API of a gateway', () => {
  const lab = useLab(POLICY)
  let relay: ChildProcess
  const socketPath = () => join(lab().gateway.layout.root, 'api.sock')
  before(async function () {
    this.timeout(60_000)
    const key = { id: { root: { key: ADMIN, role: 'admin' } } }
    await mustCommit(lab(), {
      proposed: { ...LAB_CONFIG, api: { 'listen-address': ['127.0.0.1'], port: '8443', key } },
    })
    const [program, args] = inNamespace(lab().gateway.namespace, ['node', '-e', RELAY, socketPath()])
    relay = spawn(program, args, { stdio: 'ignore' })
    await until('the API answers', 10_000, async () => (await ask('GET', '/health')).status === 200)
  })
  after(() => relay.kill())

  const ask = (method: string, path: string, body?: string): Promise<{ status: number; text: string }> =>
    new Promise((resolve) => {
      const headers = { 'x-api-key': ADMIN, 'content-type': 'application/json' }
      const asked = request({ socketPath: socketPath(), method, path: `/clawgress${path}`, headers }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part
        })
        response.once('close', () => resolve({ status: response.statusCode!, text }))
      })
      asked.once('error', (error) => resolve({ status: 0, text: error.message }))
      asked.end(body)
    })

  /** No policies, for each has a field that there is not, or is no object. */
  const garbage = fc.oneof(
    fc.json(),
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom(
      '',
      '{',
      '['.repeat(50_000),
      '{"version":1,"version":1}',
      '{"version":2}',
      '\ufeff{"version":1}',
      'null',
    ),
    fc
      .record({ allow: fc.jsonValue(), deny: fc.jsonValue(), groups: fc.jsonValue(), labels: fc.jsonValue() })
      .map((fields) => JSON.stringify({ version: 1, ...fields, stray: true })),
    fc.jsonValue().map((value) => JSON.stringify({ ...POLICY, allow: { domains: [value, 'a b'] } })),
  )
  const place = fc.constantFrom('/policy', '/policy?into=config', '/policy?dry-run=true', '/policy/rollback')

  it('opens nothing, and is refused in sentences by those checks of root that it fails', async function () {
    this.timeout(120_000)
    const before = [current(lab()), policyFile(lab()), history(lab())]
    const codes = new Set<string>()
    await fc.assert(
      fc.asyncProperty(place, garbage, async (path, body) => {
        const { status, text } = await ask('POST', path, body)
        const refused = path === '/policy/rollback' ? [400, 404, 413] : [400, 409, 413, 422]
        assert.ok(refused.includes(status), `${status} ${text}`)
        const { success, data, error } = JSON.parse(text) as {
          success: boolean
          data: { problems: { code: string }[] }
          error: string
        }
        assert.equal(success, false)
        assert.match(error, /[.?!…:] \([a-z]+\.[a-z-]+\)$/m)
        assert.doesNotMatch(text, /node_modules|\.ts:\d|SyntaxError|TypeError|internal\.bug/)
        for (const { code } of data.problems) codes.add(code)
      }),
      {
        numRuns: 24,
        examples: [
          ['/policy', '{'],
          ['/policy', '{"version":2}'],
          ['/policy', '{"version":1,"stray":true}'],
          ['/policy?into=config', '{"version":1,"stray":true}'],
          ['/policy/rollback', '{"version":4711}'],
        ],
      },
    )
    for (const code of ['policy.syntax', 'policy.unknown-field', 'policy.version'])
      assert.ok(codes.has(code), [...codes].join())
    assert.deepEqual([current(lab()), policyFile(lab()), history(lab())], before)
  })
})
