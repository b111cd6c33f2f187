import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { ownCommand } from '../../../../src/base/own-command.ts'
import { Uploads } from '../../../../src/daemon/api/uploads.ts'
import { ActivationListener } from '../../../../src/services/activation/listener.ts'
import { prepareFolders } from '../../../../src/services/folders.ts'
import { until } from '../../../../src/standalone/lab/until.ts'
import { KEYS, type Running, rawConnection, serveApi } from './support/gateway.ts'

const MIB = 1 << 20

describe('policies that come slowly', () => {
  let api: Running
  let root: ActivationListener
  const sockets: Socket[] = []
  before(async () => {
    api = await serveApi({}, {}, undefined, 60_000)
    prepareFolders(api.layout)
    const environment = ['env', `CLAWGRESS_ROOT=${api.layout.root}`]
    root = new ActivationListener(api.layout, [...environment, ...ownCommand('activation-request')])
    await root.look()
  })
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy()
  })
  after(async () => {
    root.close()
    await api.close()
  })

  /** A policy that begins and does not go on; gives what was answered. */
  const begin = async (key: string, octets: number) => {
    const socket = await rawConnection(api.port)
    sockets.push(socket)
    let answer = ''
    socket.on('data', (part: Buffer) => {
      answer += part.toString('latin1')
    })
    socket.write(`POST /clawgress/policy?dry-run=true HTTP/1.1\r\nHost: x\r\nX-API-Key: ${key}\r\n`)
    socket.write(`Content-Type: application/json\r\nContent-Length: ${64 * MIB}\r\n\r\n`)
    await new Promise((resolve) => socket.write(Buffer.alloc(octets, ' '), resolve))
    return () => answer
  }
  const post = async (key: string) => {
    const response = await fetch(`${api.url}/policy?dry-run=true`, {
      method: 'POST',
      headers: { 'x-api-key': key, 'content-type': 'application/json', connection: 'close' },
      body: JSON.stringify({ version: 1, allow: { domains: ['example.com'] } }),
    })
    return (await response.json()) as { error: string }
  }

  it('hold up nobody else at root, however many of one key begin', async () => {
    const answers: (() => string)[] = []
    for (let at = 0; at < 5; at++) answers.push(await begin(KEYS.operator, 100))
    await until('the fifth is refused', 15_000, async () => answers.some((answer) => answer() !== ''))
    assert.match(answers.map((answer) => answer()).join(''), /^HTTP\/1\.1 429 .*Too many policies are being sent/s)
    assert.match((await post(KEYS.admin)).error, /\(config\.missing\)$/, 'root has answered')
  })

  it('leave room for small ones where they are large', async () => {
    const large = await Promise.all([KEYS.operator, KEYS.admin].map((key) => begin(key, 2 * MIB)))
    const third = await begin(KEYS.admin, 2 * MIB)
    await until('the third is refused', 15_000, async () => third() !== '')
    assert.match(third(), /^HTTP\/1\.1 409 .*Another large policy is being sent.*apply\.busy/s)
    assert.deepEqual(
      large.map((answer) => answer()),
      ['', ''],
    )
    assert.match((await post(KEYS.admin)).error, /\(config\.missing\)$/)
  })

  it('are given up when too little of them comes, at their beginning and further on', async () => {
    for (const size of [1, MIB]) {
      const uploads = new Uploads(50)
      const source = new Readable({ read() {} })
      source.push(Buffer.alloc(size, ' '))
      const handed = uploads.receive('ci', source).then(async ({ policy }) => {
        for await (const _part of policy);
      })
      await assert.rejects(handed, /The body comes too slowly; nothing was changed\. \(api\.slow\)/)
    }
  })

  it('arrive whole where they come in time, whatever their size', async () => {
    const uploads = new Uploads(5_000)
    for (const size of [0, 1, MIB - 1, MIB, 3 * MIB + 5]) {
      const parts = Array.from({ length: Math.ceil(size / 60_000) }, (_, at) =>
        Buffer.alloc(Math.min(60_000, size - at * 60_000), at % 256),
      )
      const { policy, release } = await uploads.receive('ci', Readable.from(parts))
      const came: Buffer[] = []
      for await (const part of policy) came.push(part as Buffer)
      release()
      assert.ok(Buffer.concat(came).equals(Buffer.concat(parts)), `${size}`)
    }
  })
})
