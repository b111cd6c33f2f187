import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import type { Server } from 'node:net'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describeApi } from '../../../../build/openapi-document.ts'
import { assetsRoot } from '../../../../src/base/assets.ts'
import { runtimePaths } from '../../../../src/base/layout.ts'
import { alertReport } from '../../../../src/daemon/api/routes/alerts.ts'
import { KEYS, REPORT, type Running, rawConnection, serveApi, untilClosed } from './support/gateway.ts'
import { answerAsRoot } from './support/root.ts'

interface Operation {
  readonly summary?: string
  readonly parameters?: readonly {
    readonly name: string
    readonly in: 'query' | 'path' | 'header'
    readonly schema: { readonly enum?: readonly string[] }
  }[]
  readonly requestBody?: object
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { schema: object }>> }>>
}

type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>

const METHODS = ['get', 'post'] as const

describe('the description of the API', () => {
  const published = JSON.parse(readFileSync(join(assetsRoot(), 'docs/openapi.json'), 'utf8')) as { paths: Paths }
  let api: Running
  let root: Server
  before(async () => {
    api = await serveApi({}, {}, 1_000_000)
    root = await answerAsRoot(api.layout)
  })
  after(() => {
    root.close()
    return api.close()
  })

  const operations = Object.entries(published.paths).flatMap(([path, methods]) =>
    METHODS.flatMap((method) => (methods[method] === undefined ? [] : [{ path, method, operation: methods[method]! }])),
  )

  it('is published as it is served', async () => {
    assert.deepEqual(published, JSON.parse(JSON.stringify(await describeApi())))
    const served = await fetch(`${api.url}/openapi.json`, { headers: { 'x-api-key': KEYS.viewer } })
    assert.deepEqual(await served.json(), published)
  })

  it('tells of every operation what it is for, and of every failure its form', () => {
    assert.ok(operations.length > 8)
    for (const { path, method, operation } of operations) {
      assert.ok((operation.summary ?? '').length > 10, `${method} ${path}`)
      assert.ok('4XX' in operation.responses && '5XX' in operation.responses, `${method} ${path}`)
    }
  })

  it('has all that the gateway tells of alerts and webhooks, and nothing beside it is told', () => {
    const { shape } = alertReport
    assert.deepEqual(Object.keys(shape).sort(), Object.keys(REPORT).sort())
    const webhook = { ...REPORT.webhooks[0]!, lastSuccess: '2026-01-01T00:00:00.000Z' }
    assert.deepEqual(Object.keys(shape.webhooks.element.shape).sort(), Object.keys(webhook).sort())
    assert.ok(alertReport.safeParse(REPORT).success)
    for (const more of [{ secret: 1 }, { webhooks: [{ ...webhook, secret: 1 }] }])
      assert.equal(alertReport.safeParse({ ...REPORT, ...more }).success, false)
  })

  // zod checks formats where it describes them.
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  const described = new Map<string, ReturnType<typeof ajv.compile>>(
    operations.flatMap(({ path, method, operation }) =>
      Object.entries(operation.responses).flatMap(([status, { content }]) => {
        const schema = content?.['application/json']?.schema
        return schema === undefined ? [] : [[`${method} ${path} ${status}`, ajv.compile(schema)] as const]
      }),
    ),
  )
  const assertDescribed = (method: string, path: string, status: number, value: unknown): string => {
    const place = `${method} ${path} ${status}`
    const validate = described.get(place) ?? described.get(`${method} ${path} ${String(status)[0]}XX`)
    assert.ok(validate !== undefined, `${place} is not described`)
    assert.ok(validate(value), `${place}: ${ajv.errorsText(validate.errors)}`)
    return place
  }

  const text = fc.oneof(
    fc.string({ maxLength: 40, unit: 'binary' }),
    fc.constantFrom('', '0', '-1', '1e9', 'true', '../..', '%00', '\u0000', '[object Object]', '\'"`$(id)', 'ｅｘ.com'),
    fc.domain(),
    fc.ipV4(),
    fc.ipV6(),
  )
  const headerText = text.map((value) => value.replaceAll(/[^\x20-\x7e]/g, '?').trim())

  const mostly = <One, Other>(one: fc.Arbitrary<One>, other: fc.Arbitrary<Other>) =>
    fc.oneof({ weight: 4, arbitrary: one }, { weight: 1, arbitrary: other })

  // Streams have no end to wait for.
  const ending = operations.filter(({ path }) => !path.endsWith('/stream'))
  const posts = ending.filter(({ method }) => method === 'post')
  const right = { 'if-match': ['*', '"0123456789abcdef"'] } as Readonly<Record<string, readonly string[]>>
  const bodies = ['{"version":1}', '{"version":1,"allow":{"domains":["*.com",7]},"allow":[]}', '['.repeat(20_000)]
  const call = fc.oneof(fc.constantFrom(...ending), fc.constantFrom(...posts)).chain((target) => {
    const named = (place: string) => (target.operation.parameters ?? []).filter((each) => each.in === place)
    const some = (place: string, value: fc.Arbitrary<string>) => {
      const valued = named(place).map(({ name, schema }) => {
        const known = right[name] ?? schema.enum ?? []
        return [name, known.length === 0 ? value : mostly(fc.constantFrom(...known), value)]
      })
      return fc.record(Object.fromEntries(valued) as Record<string, fc.Arbitrary<string>>, { requiredKeys: [] })
    }
    return fc.record({
      target: fc.constant(target),
      query: some('query', text),
      path: fc.record(Object.fromEntries(named('path').map(({ name }) => [name, text]))),
      headers: some('header', headerText),
      key: fc.constantFrom(...Object.values(KEYS), undefined),
      body: fc.oneof(fc.json(), text, fc.constantFrom(...bodies), fc.constant(undefined)),
      type: mostly(
        fc.constant('application/json'),
        fc.constantFrom('application/x-www-form-urlencoded', 'multipart/form-data', 'x/y'),
      ),
      stray: mostly(fc.constant(undefined), text),
    })
  })

  it('holds whatever is sent: answers are of its form, and nothing is the fault of the gateway', async function () {
    this.timeout(60_000)
    const statuses = new Set<number>()
    const answered = new Set<string>()
    await fc.assert(
      fc.asyncProperty(call, async ({ target, query, path, headers, key, body, type, stray }) => {
        const place = target.path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(path[name] ?? ''))
        const words = new URLSearchParams(Object.entries(query) as [string, string][])
        if (stray !== undefined) words.set('stray', stray)
        const response = await fetch(`http://127.0.0.1:${api.port}${place}?${words}`, {
          method: target.method,
          headers: {
            ...(headers as Record<string, string>),
            ...(key === undefined ? {} : { 'x-api-key': key }),
            ...(target.method === 'post' ? { 'content-type': type } : {}),
          },
          ...(target.method === 'post' && body !== undefined ? { body } : {}),
        })
        const answer = await response.text()
        const { status } = response
        const isUnready = target.path === '/clawgress/health' && status === 503
        assert.ok((status < 500 && status !== 429) || isUnready, `${status} ${answer}`)
        if (target.method === 'post') statuses.add(status)
        assert.doesNotMatch(answer, /node_modules|\.ts:\d|SyntaxError|TypeError/)
        if (!/^application\/json/.test(response.headers.get('content-type') ?? '')) {
          assert.deepEqual([target.path, status], ['/clawgress/metrics', 200])
          return
        }
        const value = JSON.parse(answer) as { success?: boolean; error?: string | null }
        const kind = assertDescribed(target.method, target.path, status, value)
        if (status < 300) answered.add(kind)
        if (status >= 400 && !target.path.endsWith('/health')) {
          assert.equal(value.success, false)
          assert.match(value.error ?? '', /[.?!…:] \([a-z]+\.[a-z-]+\)$/m)
        }
      }),
      { numRuns: 400 },
    )
    // The last is what root says.
    for (const status of [400, 401, 403, 409]) assert.ok(statuses.has(status), `no POST was answered with ${status}`)
    assert.ok(answered.size > 4, [...answered].join())
    assert.equal(existsSync(runtimePaths(api.layout).current), false, 'something is live')
  })

  it('answers in its form also what is no path', async () => {
    const piece = fc.constantFrom(
      ...['%', '%zz', '%c0%ae', '%00', '/', '//', '..', '.', ';', '\\', '?', '#', '"', 'http://', 'x'.repeat(300)],
      ...['/clawgress', '/operations/', '/policy', '/schema'],
    )
    const target = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(''))
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          target,
          target.map((rest) => `/clawgress/operations/${rest}`),
        ),
        async (raw) => {
          const socket = await rawConnection(api.port)
          socket.write(`GET ${raw} HTTP/1.1\r\nHost: x\r\nX-API-Key: ${KEYS.viewer}\r\nConnection: close\r\n\r\n`)
          const answer = await untilClosed(socket)
          // What is no request at all is refused by Node, without a body.
          if (/^HTTP\/1\.1 400 Bad Request\r\nConnection: close\r\n\r\n$/.test(answer)) return
          assert.match(answer, /^HTTP\/1\.1 40[049] /, raw)
          const { success, error } = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as Record<string, unknown>
          assert.equal(success, false)
          assert.match(String(error), /[.?!] \([a-z]+\.[a-z-]+\)$/)
          assert.doesNotMatch(answer, /FST_/)
        },
      ),
      { numRuns: 100, examples: [['/%'], [`/clawgress/operations/${'x'.repeat(300)}`]] },
    )
  })
})
