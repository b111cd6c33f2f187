import assert from 'node:assert/strict'
import { request } from 'node:http'
import type { Socket } from 'node:net'
import { hashKey } from '../../../../src/daemon/api/keys.ts'
import { KEYS, type Running, rawConnection, serveApi } from './support/gateway.ts'

describe('the API, for whoever has no key,', () => {
  let api: Running
  const sockets: Socket[] = []
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy()
    return api.close()
  })

  const statuses = async (path: string, headers: Record<string, string>, count: number) => {
    const seen: number[] = []
    for (let at = 0; at < count; at++) {
      const response = await fetch(`${api.url}${path}`, { headers: { connection: 'close', ...headers } })
      await response.text()
      seen.push(response.status)
    }
    return seen
  }

  it('answers so many requests a second and no more, whatever they ask for', async () => {
    for (const [path, headers] of [
      ['/status', {}],
      ['/status', { 'x-api-key': 'wrong' }],
      ['/nothing', {}],
      ['/nothing', { 'x-api-key': KEYS.viewer }],
    ] as const) {
      api = await serveApi({}, {}, 3)
      assert.deepEqual((await statuses(path, headers, 5)).slice(3), [429, 429], path)
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
    const answers = []
    for (let at = 0; at < 6; at++) answers.push(await begin())
    await new Promise((resolve) => setTimeout(resolve, 100))
    assert.equal(answers.filter((answer) => answer().startsWith('HTTP/1.1 429')).length, 2)
    assert.deepEqual(await statuses('/status', { 'x-api-key': KEYS.viewer }, 1), [200])
    for (const socket of sockets.splice(0)) socket.destroy()
    await new Promise((resolve) => setTimeout(resolve, 100))
    // The answers to what comes after the first are never begun.
    const form = 'POST /clawgress/policy HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n'
    for (let at = 0; at < 8; at++) {
      const socket = await rawConnection(api.port)
      socket.write(`${`${form}Content-Length: 7\r\n\r\ndata={}`.repeat(3)}${form}Content-Length: 9999\r\n\r\nd`)
      await new Promise((resolve) => setTimeout(resolve, at))
      socket.resetAndDestroy()
      await new Promise((resolve) => setTimeout(resolve, 30))
    }
    const fields = { method: 'POST', body: new URLSearchParams({ data: '{}' }) }
    for (let at = 0; at < 6; at++) assert.equal((await fetch(`${api.url}/policy`, fields)).status, 401)
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
    const ended = await Promise.all(
      changes.map(async (change) => {
        const each = await serveApi({ keys: [viewer] })
        const stream = await new Promise<boolean>((resolve) => {
          const headers = { 'x-api-key': KEYS.viewer }
          const asked = request(`${each.url}/denies/stream`, { headers }, (response) => {
            Object.assign(each.settings, change)
            let text = ''
            response.on('data', (part: Buffer) => {
              text += part.toString('latin1')
              if (text.includes('still here')) resolve(false)
            })
            response.on('end', () => resolve(true))
          })
          asked.on('error', () => {})
          asked.end()
        })
        await each.close()
        return stream
      }),
    )
    assert.deepEqual(ended, [true, true, true, true, false])
  })
})
