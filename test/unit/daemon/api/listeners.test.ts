import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { Listeners } from '../../../../src/daemon/api/listeners.ts'
import { freePort } from './support/gateway.ts'

/** A certificate for a name, with its key. */
function certificateOf(name: string): { certificate: string; key: string } {
  const folder = mkdtempSync(join(tmpdir(), 'clawgress-pki-'))
  const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-days', '2']
  const { status, stderr } = spawnSync(
    'openssl',
    [...words, '-keyout', 'key.pem', '-out', 'cert.pem', '-subj', `/CN=${name}`],
    { cwd: folder, encoding: 'utf8' },
  )
  assert.equal(status, 0, stderr)
  const read = (file: string) => readFileSync(join(folder, file), 'utf8')
  const pair = { certificate: read('cert.pem'), key: read('key.pem') }
  rmSync(folder, { recursive: true })
  return pair
}

describe('the listeners of a service', () => {
  let listeners: Listeners
  beforeEach(() => {
    listeners = new Listeners((_request, response) => void response.end('here'))
  })
  afterEach(() => listeners.close())

  it('stay where they can when there is an address that is not here', async () => {
    const port = await freePort()
    const places = ['127.0.0.1', '192.0.2.1', '::1'].map((address) => ({ address, port }))
    for (let look = 0; look < 2; look++) {
      const failures = await listeners.follow(places)
      assert.deepEqual(
        failures.map(({ code, message }) => [code, message.includes('192.0.2.1')]),
        [['EADDRNOTAVAIL', true]],
      )
      for (const host of ['127.0.0.1', '[::1]'])
        assert.equal(await (await fetch(`http://${host}:${port}`)).text(), 'here')
    }
    assert.equal((await listeners.follow(places.slice(2))).length, 0)
    await assert.rejects(fetch(`http://127.0.0.1:${port}`))
  })

  it('show a renewed certificate, and keep the connections that they have', async () => {
    const place = { address: '127.0.0.1', port: await freePort() }
    const session = async () => {
      const socket = connect({ host: place.address, port: place.port, rejectUnauthorized: false })
      await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
      return socket
    }
    await listeners.follow([{ ...place, tls: certificateOf('old') }])
    const old = await session()
    await listeners.follow([{ ...place, tls: certificateOf('new') }])
    const renewed = await session()
    assert.deepEqual(
      [old, renewed].map((socket) => socket.getPeerCertificate().subject.CN),
      ['old', 'new'],
    )
    for (const socket of [old, renewed]) {
      const answer = new Promise((resolve) => socket.once('data', (part) => resolve(String(part))))
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
      assert.match(String(await answer), /^HTTP\/1\.1 200 /)
      socket.destroy()
    }
  })
})
