import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { layoutBelow } from '../../../src/base/layout.ts'
import { withCertificate } from '../../../src/conf_mode/settings/own-certificate.ts'
import { readWhyPage, whyPagePlan } from '../../../src/conf_mode/settings/why-page-settings.ts'
import type { Listener } from '../../../src/conf_mode/system/sockets.ts'
import type { SystemFacts } from '../../../src/conf_mode/system/system-facts.ts'

const LISTEN = ['10.0.1.1', 'fd77:1::1', 'fe80::1']
const factsWith = (...listeners: Listener[]): SystemFacts => ({
  interfaces: [],
  listeners,
  uplinks: [],
  connectionsToUs: [],
  flowtableDevices: [],
  untracked: [],
})
const read = (whyPage: object, ...listeners: Listener[]) =>
  readWhyPage({ 'why-page': { ...whyPage } }, null, factsWith(...listeners), LISTEN)

describe('the why page in the configuration', () => {
  it('is there unless it is turned off, on the addresses that clients know', () => {
    const page = readWhyPage({}, null, factsWith(), LISTEN)
    assert.deepEqual(page.settings, { name: 'clawgress.internal', listen: ['10.0.1.1', 'fd77:1::1'] })
    assert.deepEqual(whyPagePlan(page), { whyPage: { name: 'clawgress.internal' } })
    assert.deepEqual(whyPagePlan(read({ disable: {} })), {})
  })

  it('has the name and the contact that are configured', () => {
    const { settings } = read({ name: 'Why.Example.NET', contact: 'Ask ops.' })
    assert.deepEqual([settings!.name, settings!.contact], ['why.example.net', 'Ask ops.'])
  })

  it('says which program has its port, and not that our daemon has it', () => {
    const taken = { protocol: 'tcp', port: 5080, program: 'nginx', address: '10.0.1.1' } as const
    const { problems, settings } = read({}, taken)
    assert.equal(settings, undefined)
    assert.match(problems[0]!.message, /Port 5080 \(tcp\) on 10\.0\.1\.1 is taken by nginx/)
    assert.deepEqual(read({}, { ...taken, program: 'node' }).problems, [])
    assert.deepEqual(read({}, { ...taken, address: '192.0.2.1' }).problems, [])
    assert.deepEqual(read({}, { ...taken, port: 53 }).problems, [])
  })

  it('needs a certificate that exists, where one is named', () => {
    const { problems } = read({ certificate: 'nowhere' })
    assert.deepEqual(
      problems.map(({ path }) => path),
      ['service clawgress why-page certificate'],
    )
  })

  it('makes a certificate that names it, secret to others, and makes another only for other names', async () => {
    const root = mkdtempSync(join(tmpdir(), 'clawgress-why-'))
    try {
      const layout = layoutBelow(root)
      const settings = { name: 'clawgress.internal', listen: ['10.0.1.1', 'fd77:1::1'] }
      const { tls } = await withCertificate(layout, settings)
      const certificate = new X509Certificate(tls!.certificate)
      assert.match(certificate.subjectAltName!, /DNS:clawgress\.internal, IP Address:10\.0\.1\.1, IP Address:FD77:1:/)
      assert.equal(certificate.ca, false, 'who trusts it trusts nothing else that its key signs')
      const file = join(layout.state, 'why-page.pem')
      assert.equal(statSync(file).mode & 0o777, 0o600)
      assert.ok(readFileSync(file, 'utf8').includes(tls!.key))
      assert.deepEqual((await withCertificate(layout, settings)).tls, tls)
      assert.notDeepEqual((await withCertificate(layout, { ...settings, name: 'other.internal' })).tls, tls)
    } finally {
      rmSync(root, { recursive: true })
    }
  })
})
