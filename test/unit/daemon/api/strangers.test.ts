import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { hashKey } from '../../../../src/daemon/api/keys.ts'
import { until } from '../../../../src/standalone/lab/until.ts'
import { denial } from './support/denial.ts'
import { KEYS, type Running, rawConnection, serveApi, untilClosed } from './support/gateway.ts'

describe('the API, for whoever has no key,', () => {
  let api: Running
  const sockets: Socket[] = []
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy()
    return api.close()
  })

  /** All at once, because a second is over soon. */
  const statuses = async (path: string, headers: Record<string, string>, count: number) => {
    const ask = async () => {
      const response = await fetch(`${api.url}${path}`, { headers: { connection: 'close', ...headers } })
      await response.text()
      return response.status
    }
    return (await Promise.all(Array.from({ length: count }, ask))).sort()
  }

  it('answers so many requests a second and no more, whatever they ask for', async () => {
    for (const [path, headers, status] of [
      ['/status', {}, 401],
      ['/status', { 'x-api-key': 'wrong' }, 401],
      ['/nothing', {}, 401],
      ['/nothing', { 'x-api-key': KEYS.viewer }, 404],
    ] as const) {
      api = await serveApi({}, {}, 3)
      assert.deepEqual(await statuses(path, headers, 5), [status, status, status, 429, 429], path)
      await api.close()
    }
    api = await serveApi()
  })

  it('holds no more forms in memory than a few, and lets a key in a header pass meanwhile', async () => {
    api = await serveApi()
    const begin = async () => {
      const socket = await rawConnection(api.port)
      sockets.push(socket)
      let answer = ''
      socket.on('data', (part: Buffer) => {
        answer += part.toString('latin1')
      })
      socket.write('POST /clawgress/policy HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x\r\n')
      socket.write('Content-Length: 100000\r\n\r\n--x\r\nContent-Disposition: form-data; name="data"\r\n\r\n{')
      return () => answer
    }
    const answers: (() => string)[] = []
    for (let at = 0; at < 6; at++) answers.push(await begin())
    const refused = () => answers.filter((answer) => answer().startsWith('HTTP/1.1 429')).length
    await until('some are refused', 15_000, async () => refused() >= 2)
    assert.equal(refused(), 2)
    assert.deepEqual(await statuses('/status', { 'x-api-key': KEYS.viewer }, 1), [200])
    for (const socket of sockets.splice(0)) socket.destroy()
    const fields = { method: 'POST', body: new URLSearchParams({ data: '{}' }) }
    const posted = async () => (await fetch(`${api.url}/policy`, fields)).status
    await until('there is room again', 15_000, async () => (await posted()) === 401)
    // The answers to what comes after the first are never begun.
    const form = 'POST /clawgress/policy HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n'
    for (let at = 0; at < 8; at++) {
      const socket = await rawConnection(api.port)
      socket.write(`${`${form}Content-Length: 7\r\n\r\ndata={}`.repeat(3)}${form}Content-Length: 9999\r\n\r\nd`)
      await new Promise((resolve) => setTimeout(resolve, at))
      socket.resetAndDestroy()
      await until('its room is free again', 15_000, async () => (await posted()) === 401)
    }
    for (let at = 0; at < 6; at++) assert.equal(await posted(), 401)
  })

  it('asks for the address and counts also where a path is none', async () => {
    api = await serveApi({}, {}, 3)
    const ask = async () => {
      const socket = await rawConnection(api.port)
      sockets.push(socket)
      socket.write('GET /%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
      return (await untilClosed(socket)).slice(9, 12)
    }
    const answers = await Promise.all(Array.from({ length: 5 }, ask))
    assert.deepEqual(answers.sort(), ['400', '400', '400', '429', '429'])
    Object.assign(api.settings, { allowClients: ['192.0.2.0/24'] })
    assert.equal(await ask(), '403')
  })

  it('answers once a connection, and lets the answer be read by who still sends', async () => {
    api = await serveApi()
    const size = 8 << 20
    for (const [more, status] of [
      ['', '401'],
      [`X-API-Key: ${KEYS.viewer}\r\n`, '403'],
      // Nobody activates policies on this machine, which shows when the beginning is here.
      [`X-API-Key: ${KEYS.admin}\r\n`, '503'],
    ]) {
      const socket = await rawConnection(api.port)
      sockets.push(socket)
      const head = `POST /clawgress/policy HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${more}`
      socket.write(`${head}Content-Length: ${size}\r\n\r\n`)
      socket.write(Buffer.alloc(size, ' '))
      const answer = await untilClosed(socket)
      assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} [^]*\r\nconnection: close\r\n[^]*\\}$`, 'i'))
    }
  })

  it('leaves who has a key alone, however much comes from the same address', async () => {
    api = await serveApi({}, {}, 3)
    assert.deepEqual(await statuses('/status', { 'x-api-key': 'wrong' }, 5), [401, 401, 401, 429, 429])
    assert.deepEqual(await statuses('/status', { 'x-api-key': KEYS.viewer }, 4), [200, 200, 200, 429])
    assert.deepEqual(await statuses('/status', { authorization: `Bearer ${KEYS.admin}` }, 1), [200])
  })

  it('ends the stream of a key that was replaced, or whose role or address was taken away, or whose time is over', async function () {
    this.timeout(60_000)
    const salt = '00'.repeat(32)
    const viewer = { id: 'viewer', role: 'viewer' as const, hash: hashKey(KEYS.viewer, salt) }
    const changes = [
      { keys: [{ ...viewer, hash: hashKey('another-key-of-viewer', salt) }] },
      { keys: [] },
      { allowClients: ['192.0.2.0/24'] },
      { keys: [{ ...viewer, expires: new Date(Date.now() + 1_500).toISOString() }] },
      {},
    ]
    api = await serveApi()
    const gateways = await Promise.all(changes.map(() => serveApi({ keys: [viewer] })))
    const streams = await Promise.all(
      gateways.map(({ url }) => fetch(`${url}/denies/stream`, { headers: { 'x-api-key': KEYS.viewer } })),
    )
    for (const [at, change] of changes.entries()) Object.assign(gateways[at]!.settings, change)
    const texts = streams.map(() => '')
    const ends = streams.map(async ({ body }, at) => {
      for await (const part of body!.pipeThrough(new TextDecoderStream())) texts[at] += part
    })
    await Promise.all(ends.slice(0, -1))
    for (const { bus } of gateways) bus.publish([denial(1, '10.0.0.1', 'late.example.com')])
    await until('the one that may goes on', 15_000, async () => /late\.example/.test(texts.at(-1)!))
    for (const text of texts.slice(0, -1)) assert.equal(text, ': open\n\n')
    await Promise.all(gateways.map((each) => each.close()))
    await ends.at(-1)
  })
})
