import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hashKey } from '../../../../src/daemon/api/keys.ts'
import { historyFolder } from '../../../../src/services/index.ts'
import { KEYS, type Running, rawConnection, serveApi, untilClosed } from './support/gateway.ts'

interface Envelope {
  success: boolean
  data: { problems?: { code: string }[] } | null
  error: string | null
}

describe('the server of the API', () => {
  let api: Running
  beforeEach(async () => {
    api = await serveApi({}, { connectionsPerClient: 16 })
  })
  afterEach(() => api.close())

  const ask = async (path: string, init: RequestInit & { key?: string | null } = {}) => {
    const { key = KEYS.admin, ...more } = init
    const headers = {
      ...(key === null ? {} : { 'x-api-key': key }),
      connection: 'close',
      ...(more.headers as Record<string, string>),
    }
    const response = await fetch(`${api.url}${path}`, { ...more, headers })
    const text = await response.text()
    assert.doesNotMatch(text, /\bat .*\.ts:\d|node_modules/, 'a stack trace was shown')
    return { status: response.status, response, body: JSON.parse(text) as Envelope }
  }
  const code = ({ body }: { body: Envelope }) => body.data?.problems?.[0]?.code
  const form = (fields: Record<string, string>) => ({
    method: 'POST',
    body: new URLSearchParams(fields),
    key: null,
  })

  it('says in one manner what is wrong', async () => {
    const { status, body } = await ask('/policy')
    assert.equal(status, 409)
    assert.equal(body.success, false)
    assert.match(body.error!, /No policy is live; configure .* \(config\.missing\)$/)
    assert.equal((await ask('/status')).status, 200)
  })

  it('does not wait for a request that is never sent whole', async () => {
    await api.close()
    api = await serveApi({}, { headersMs: 400, requestMs: 800 })
    const head = await rawConnection(api.port)
    head.write('GET /clawgress/health HTTP/1.1\r\nHost: x\r\nX-Slow: ')
    assert.match(await untilClosed(head), /^HTTP\/1\.1 408 /)
    const body = await rawConnection(api.port)
    body.write(`POST /clawgress/policy/rollback HTTP/1.1\r\nHost: x\r\nX-API-Key: ${KEYS.admin}\r\n`)
    body.write('Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{')
    await untilClosed(body)
    assert.equal((await ask('/status')).status, 200)
  })

  it('gives no client more connections than its share', async () => {
    const sockets = await Promise.all(Array.from({ length: 20 }, () => rawConnection(api.port)))
    const refused = sockets.map(async (socket) => {
      const first = new Promise<boolean>((resolve) => {
        socket.once('data', () => resolve(false))
        socket.once('close', () => resolve(true))
      })
      socket.write('GET /clawgress/health HTTP/1.1\r\nHost: x\r\n\r\n')
      return first
    })
    assert.equal((await Promise.all(refused)).filter((isRefused) => isRefused).length, 4)
    for (const socket of sockets) socket.destroy()
  })

  it('lets nobody try keys without end, and nobody lock out who has the right one', async () => {
    for (let attempt = 0; attempt < 20; attempt++)
      assert.equal((await ask('/status', { key: `x${attempt}` })).status, 401)
    assert.equal((await ask('/status', { key: 'x20' })).status, 429)
    assert.equal((await ask('/policy/rollback', form({ data: '{}', key: 'x21' }))).status, 429)
    assert.equal((await ask('/status', { key: KEYS.admin })).status, 200)
    assert.equal((await ask('/policy/rollback', form({ data: '{}', key: KEYS.admin }))).status, 400)
    assert.equal((await ask('/health', { key: '' })).status, 503)
  })

  it('refuses a key whose time is over, also after the clock has jumped, and says so', async () => {
    const salt = '00'.repeat(32)
    const ending = (expires: string) => ({ id: 'ci', role: 'admin' as const, hash: hashKey(KEYS.admin, salt), expires })
    await api.close()
    api = await serveApi({ keys: [ending('2100-01-01T00:00:00.000Z')] })
    assert.equal((await ask('/status')).status, 200)
    const { now } = Date
    try {
      Date.now = () => Date.parse('2100-01-01T00:00:00.000Z')
      const { status, response, body } = await ask('/status')
      assert.equal(status, 401)
      assert.equal(response.headers.get('www-authenticate'), 'Bearer')
      assert.match(body.error!, /^The key of ci ended at 2100-01-01.*; ask the operator.* \(api\.key-expired\)$/)
      assert.equal((await ask('/policy', form({ data: '{}', key: KEYS.admin }))).status, 401)
    } finally {
      Date.now = now
    }
    assert.equal((await ask('/status')).status, 200)
    for (let attempt = 0; attempt < 25; attempt++) {
      Object.assign(api.settings, { keys: [ending('2020-01-01T00:00:00.000Z')] })
      assert.equal(code(await ask('/status')), 'api.key-expired')
    }
  })

  it('answers so many requests a second and no more', async () => {
    const statuses = new Set<number>()
    await api.close()
    api = await serveApi({}, {}, 5)
    await Promise.all(Array.from({ length: 6 }, async () => statuses.add((await ask('/status')).status)))
    assert.deepEqual([...statuses].sort(), [200, 429])
    assert.equal((await ask('/status', { key: KEYS.viewer })).status, 200, 'another key has a rate of its own')
  })

  it('understands a path in one way only', async () => {
    const raw = async (target: string, method = 'GET') => {
      const socket = await rawConnection(api.port)
      socket.write(`${method} ${target} HTTP/1.1\r\nHost: x\r\nX-API-Key: ${KEYS.viewer}\r\nConnection: close\r\n\r\n`)
      return Number((await untilClosed(socket)).slice(9, 12))
    }
    for (const target of [
      '/clawgress/../status',
      '/clawgress//status',
      '/clawgress/status/',
      '/CLAWGRESS/STATUS',
      '/clawgress/policy/..%2fstatus',
      '/clawgress/%2e%2e/%2e%2e/etc/passwd',
      '/clawgress/schema/../../../etc/passwd',
      '/clawgress/schema/policy%00',
      `/clawgress/${'a'.repeat(8000)}`,
      '/',
    ])
      assert.equal(await raw(target), 404, target)
    assert.equal(await raw('/clawgress/operations/..%2f..'), 400)
    assert.equal(await raw('/clawgress/policy', 'DELETE'), 404)
    assert.equal(await raw('/clawgress/policy', 'PATCHY'), 400)
    assert.equal(await raw('/clawgress/status', 'GET http://elsewhere'), 400)
  })

  it('takes bodies of bounded size and known types', async () => {
    const large = new URLSearchParams({ data: 'x'.repeat(5 << 20), key: KEYS.admin })
    assert.equal((await fetch(`${api.url}/policy`, { method: 'POST', body: large })).status, 413)
    const json = { 'content-type': 'application/json' }
    const rollback = (body: string, headers: Record<string, string> = json) =>
      ask('/policy/rollback', { method: 'POST', body, headers })
    assert.equal((await rollback('['.repeat(100_000))).status, 413)
    assert.equal((await rollback('['.repeat(3_000))).status, 400)
    assert.equal((await rollback('{"version":1,"__proto__":{}}')).status, 400)
    assert.equal((await rollback('{"version":1,"version":2}')).status, 400)
    assert.equal((await rollback('{"version":"../1"}')).status, 400)
    assert.equal((await rollback('<x/>', { 'content-type': 'text/xml' })).status, 415)
    assert.equal((await rollback('{"version":1}', { ...json, 'content-encoding': 'gzip' })).status, 415)
    assert.equal(
      (await ask('/status', { headers: { 'x-large': 'x'.repeat(20_000) } }).catch(() => ({ status: 431 }))).status,
      431,
    )
  })

  it('compares one pair of versions after the other, and has few of one key wait', async () => {
    for (const number of [1, 2]) {
      const folder = join(historyFolder(api.layout), `${number}-${String(number).repeat(16)}`)
      mkdirSync(folder, { recursive: true })
      const domains = Array.from({ length: 5_000 }, (_, i) => `h${i * number}.example.com`)
      writeFileSync(join(folder, 'policy.json'), JSON.stringify({ version: 1, allow: { domains } }))
      const meta = { generation: String(number).repeat(16), time: '2026-01-01T00:00:00.000Z', user: 'ci', summary: '' }
      writeFileSync(join(folder, 'meta.json'), JSON.stringify(meta))
    }
    const request = `GET /clawgress/policy/diff?from=1&to=2 HTTP/1.1\r\nHost: x\r\nX-API-Key: ${KEYS.viewer}\r\n`
    const sockets = await Promise.all(Array.from({ length: 12 }, () => rawConnection(api.port)))
    // A connection is accepted in a turn of its own.
    for (const socket of sockets) {
      socket.write('GET /clawgress/health HTTP/1.1\r\nHost: x\r\n\r\n')
      await new Promise((resolve) => socket.once('data', resolve))
    }
    let turns = 0
    const counting = setInterval(() => turns++)
    const answers = await Promise.all(
      sockets.map((socket) => {
        socket.write(`${request}Connection: close\r\n\r\n`)
        return untilClosed(socket)
      }),
    )
    clearInterval(counting)
    const statuses = answers.map((answer) => Number(answer.slice(9, 12)))
    assert.deepEqual(statuses.sort(), [...Array(8).fill(200), ...Array(4).fill(429)])
    assert.ok(turns >= 8, `others had ${turns} turns`)
  })

  it('says that what would be committed into the configuration cannot be tried', async () => {
    const { status, body } = await ask('/policy?dry-run=true&into=config', form({ data: '{}', key: KEYS.admin }))
    assert.equal(status, 400)
    assert.match(body.error!, /leave out into=config/)
  })

  it('asks for the key of a form after reading it, and for one key only', async () => {
    assert.equal(
      code(
        await ask('/policy', {
          ...form({ data: '{}' }),
          headers: { 'x-api-key': KEYS.viewer },
        }),
      ),
      'api.forbidden',
    )
    const keyless = (fields: Record<string, string>) =>
      fetch(`${api.url}/policy`, {
        method: 'POST',
        body: new URLSearchParams(fields),
        headers: { connection: 'close' },
      })
    assert.equal((await keyless({ data: '{}' })).status, 401)
    assert.equal((await keyless({ data: '{}', key: 'wrong' })).status, 401)
    assert.equal((await keyless({ data: '{}', key: KEYS.viewer })).status, 403)
    assert.equal((await keyless({ other: '{}', key: KEYS.admin })).status, 400)
    const parts = new FormData()
    for (const name of ['data', 'key', 'more']) parts.set(name, 'x')
    assert.equal((await fetch(`${api.url}/policy`, { method: 'POST', body: parts })).status, 400)
    parts.set('more', new Blob(['x']))
    assert.equal((await fetch(`${api.url}/policy`, { method: 'POST', body: parts })).status, 400)
    // Nobody listens for activations on this machine.
    assert.equal((await keyless({ data: '{}', key: KEYS.admin })).status, 503)
  })

  it('refuses clients that the configuration does not list, also those with a key', async () => {
    await api.close()
    api = await serveApi({ allowClients: ['10.0.0.0/8', '2001:db8::/32'] })
    const { status, body } = await ask('/status')
    assert.deepEqual([status, body.data?.problems?.[0]?.code], [403, 'api.forbidden'])
  })
})
