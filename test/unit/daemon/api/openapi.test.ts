import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describeApi } from '../../../../build/openapi-document.ts'
import { assetsRoot } from '../../../../src/base/assets.ts'
import { KEYS, type Running, serveApi } from './support/gateway.ts'

interface Operation {
  readonly summary?: string
  readonly parameters?: readonly { readonly name: string; readonly in: 'query' | 'path' | 'header' }[]
  readonly requestBody?: object
  readonly responses: Readonly<Record<string, unknown>>
}

type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>

const METHODS = ['get', 'post'] as const

describe('the description of the API', () => {
  const published = JSON.parse(readFileSync(join(assetsRoot(), 'docs/openapi.json'), 'utf8')) as { paths: Paths }
  let api: Running
  before(async () => {
    api = await serveApi({}, {}, 1_000_000)
  })
  after(() => api.close())

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

  const text = fc.oneof(
    fc.string({ maxLength: 40, unit: 'binary' }),
    fc.constantFrom('', '0', '-1', '1e9', 'true', '../..', '%00', '\u0000', '[object Object]', '\'"`$(id)', 'ｅｘ.com'),
    fc.domain(),
    fc.ipV4(),
    fc.ipV6(),
  )
  const headerText = text.map((value) => value.replaceAll(/[^\x20-\x7e]/g, '?').trim())

  // Streams have no end to wait for.
  const ending = operations.filter(({ path }) => !path.endsWith('/stream'))
  const call = fc.constantFrom(...ending).chain((target) => {
    const named = (place: string) => (target.operation.parameters ?? []).filter((each) => each.in === place)
    const some = (place: string, value: fc.Arbitrary<string>) =>
      fc.record(Object.fromEntries(named(place).map(({ name }) => [name, value])), { requiredKeys: [] })
    return fc.record({
      target: fc.constant(target),
      query: some('query', text),
      path: fc.record(Object.fromEntries(named('path').map(({ name }) => [name, text]))),
      headers: some('header', headerText),
      key: fc.constantFrom(...Object.values(KEYS), undefined),
      body: fc.oneof(fc.json(), text, fc.constant(undefined)),
      type: fc.constantFrom('application/json', 'application/x-www-form-urlencoded', 'multipart/form-data', 'x/y'),
      stray: fc.option(text, { nil: undefined }),
    })
  })

  it('holds whatever is sent: answers are of its form, and nothing is the fault of the gateway', async function () {
    this.timeout(60_000)
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
        assert.ok((status < 500 && status !== 429) || status === 503, `${status} ${answer}`)
        assert.doesNotMatch(answer, /node_modules|\.ts:\d|SyntaxError|TypeError/)
        if (!/^application\/json/.test(response.headers.get('content-type') ?? '')) {
          assert.deepEqual([target.path, status], ['/clawgress/metrics', 200])
          return
        }
        const value = JSON.parse(answer) as { success?: boolean; error?: string | null }
        if (status >= 400 && !target.path.endsWith('/health')) {
          assert.equal(value.success, false)
          assert.match(value.error ?? '', /[.?!…:] \([a-z]+\.[a-z-]+\)$/m)
        }
      }),
      { numRuns: 400 },
    )
  })
})
