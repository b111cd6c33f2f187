import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { clawgressService } from '../../../build/configuration-page.ts'
import { parseAddress, parsePrefix } from '../../../src/base/address.ts'
import { apiService, readApiSettings } from '../../../src/conf_mode/settings/api-settings.ts'
import type { SystemFacts } from '../../../src/conf_mode/system/system-facts.ts'
import { findCaller } from '../../../src/daemon/api/keys.ts'
import { apiSettings } from '../../../src/daemon/api/settings.ts'
import { type ConfigDict, loadDefinitions } from '../../../src/vyos/index.ts'

const at = (address: string, prefix: string) => ({
  address: parseAddress(address)!,
  prefix: parsePrefix(prefix)!,
  scope: 'global',
})
const FACTS: SystemFacts = {
  interfaces: [{ name: 'eth1', addresses: [at('10.0.1.1', '10.0.1.0/24'), at('fd77:1::1', 'fd77:1::/64')] }],
  listeners: [],
  uplinks: [],
  connectionsToUs: [],
  flowtableDevices: [],
  untracked: [],
}
const KEY = '0123456789abcdef0123456789abcdef'
const OTHER_KEY = 'fedcba9876543210fedcba9876543210'
const keys = { id: { alice: { key: KEY, role: 'admin' }, bob: { key: OTHER_KEY } } }
const LOOPBACK: ConfigDict = { port: '8443', 'listen-address': ['127.0.0.1', '::1'], key: keys }
const OPEN: ConfigDict = { ...LOOPBACK, 'listen-address': ['10.0.1.1'], certificate: 'gw' }

describe('the API in the configuration', () => {
  const folder = mkdtempSync(join(tmpdir(), 'clawgress-pki-'))
  after(() => rmSync(folder, { recursive: true }))
  const openssl = (...args: string[]) => {
    const { status, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' })
    assert.equal(status, 0, stderr)
  }
  const body = (file: string) => readFileSync(join(folder, file), 'utf8').replaceAll(/-----[^-]+-----|\n/g, '')
  let pki: ConfigDict

  before(function () {
    this.timeout(20_000)
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc']
    const authority = ['-addext', 'basicConstraints=critical,CA:TRUE']
    openssl('req', '-x509', ...key, '-keyout', 'root.key', '-out', 'root.pem', '-subj', '/CN=root', '-days', '30')
    const made = (name: string, by: string, ...more: string[]) =>
      openssl(
        ...['req', '-x509', ...key, '-keyout', `${name}.key`, '-out', `${name}.pem`, '-subj', `/CN=${name}`],
        ...['-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-days', '30', ...more],
      )
    made('middle', 'root', ...authority)
    made('gw', 'middle', '-addext', 'subjectAltName=IP:10.0.1.1')
    pki = {
      ca: { root: { certificate: body('root.pem') }, middle: { certificate: body('middle.pem') } },
      certificate: {
        gw: { certificate: body('gw.pem'), private: { key: body('gw.key') } },
        foreign: { certificate: body('gw.pem'), private: { key: body('root.key') } },
        bare: { certificate: body('gw.pem') },
        locked: { certificate: body('gw.pem'), private: { key: body('gw.key'), 'password-protected': {} } },
        broken: { certificate: 'AAAA', private: { key: 'AAAA' } },
      },
    }
  })

  const read = (api: ConfigDict, facts = FACTS) => readApiSettings({ api }, pki, facts)
  const complaints = (api: ConfigDict) => read(api).problems.map(({ path, message }) => `${path}: ${message}`)

  it('is off where nothing but a default stands there', () => {
    assert.deepEqual(read({ port: '8443' }), {
      settings: undefined,
      isOpenToPoliced: false,
      problems: [],
      warnings: [],
    })
  })

  it('becomes settings that the daemon reads, in which no key stands', () => {
    const { settings, problems, warnings } = read(OPEN)
    assert.deepEqual([problems, warnings], [[], []])
    assert.deepEqual(apiSettings.parse(settings), settings)
    assert.doesNotMatch(JSON.stringify(settings), new RegExp(`${KEY}|${OTHER_KEY}`))
    assert.deepEqual(findCaller(KEY, settings!), { id: 'alice', role: 'admin' })
    assert.deepEqual(findCaller(OTHER_KEY, settings!), { id: 'bob', role: 'viewer' })
    assert.equal(findCaller(`${KEY}x`, settings!), undefined)
  })

  const ending = (expires: string) => read({ ...LOOPBACK, key: { id: { ci: { key: KEY, expires } } } })

  it('gives a key an end in UTC: a day from its beginning, or a moment', () => {
    for (const [expires, end] of [
      ['2100-01-31', '2100-01-31T00:00:00.000Z'],
      ['2100-02-28T18:00Z', '2100-02-28T18:00:00.000Z'],
      ['2096-02-29T23:59:59Z', '2096-02-29T23:59:59.000Z'],
    ] as const) {
      const { settings, problems, warnings } = ending(expires)
      assert.deepEqual([problems, warnings], [[], []])
      assert.equal(apiSettings.parse(settings).keys[0]!.expires, end)
    }
  })

  it('refuses an end that is no date, and only warns of one that is past, for a boot must not end on it', () => {
    for (const text of [
      '2100-02-30',
      '2100-13-01',
      '2100-01-01T24:00Z',
      '2100-01-01T10:00',
      '01.02.2100',
      'x2100-01-01',
    ])
      assert.match(
        ending(text)
          .problems.map(({ path, message }) => `${path} ${message}`)
          .join(),
        /^service clawgress api key id ci expires ".*" is no date in UTC; give one like 2027-01-31/,
        text,
      )
    const { settings, problems, warnings } = ending('2020-01-31')
    assert.deepEqual(problems, [])
    assert.match(warnings[0]!.message, /The key of ci ended at 2020-01-31T00:00:00\.000Z and is refused/)
    assert.equal(settings!.keys.length, 1)
  })

  it('serves the certificate with the authorities below the root, the leaf first', () => {
    const { certificate } = read(OPEN).settings!.tls!
    const pems = ['gw.pem', 'middle.pem'].map((file) => readFileSync(join(folder, file), 'utf8'))
    assert.equal(certificate, pems.join(''))
  })

  it('is refused without a certificate where keys would leave the machine', () => {
    const { certificate: _, ...plain } = OPEN
    assert.match(complaints(plain).join(), /api certificate: Keys would cross the network in clear text on 10\.0\.1\.1/)
    assert.deepEqual(complaints(LOOPBACK), [])
  })

  it('is refused with a certificate that no server could use', () => {
    const about = (certificate: string) => complaints({ ...OPEN, certificate }).join()
    assert.match(about('absent'), /There is no pki certificate absent/)
    assert.match(about('bare'), /holds no private key/)
    assert.match(about('foreign'), /does not belong to it/)
    assert.match(about('locked'), /protected by a password/)
    assert.match(about('broken'), /cannot be read/)
  })

  it('is refused without an address, without a key, and with addresses of other machines', () => {
    assert.match(complaints({ key: keys }).join(), /listen-address: Set the addresses/)
    assert.match(complaints({ 'listen-address': ['127.0.0.1'] }).join(), /key id: Nobody could use the API/)
    assert.match(complaints({ ...OPEN, 'listen-address': ['10.0.1.2'] }).join(), /not an address of this router/)
    assert.match(complaints({ ...OPEN, 'listen-address': ['fe80::1'] }).join(), /link-local/)
  })

  it('is refused with keys that are missing, weak or shared', () => {
    const about = (id: ConfigDict) => complaints({ ...LOOPBACK, key: { id } }).join()
    assert.match(about({ alice: { role: 'admin' } }), /key id alice key: The key of alice is missing/)
    assert.match(about({ alice: { key: 'a'.repeat(40) } }), /too easy to guess/)
    assert.match(about({ alice: { key: 'short' } }), /too easy to guess/)
    assert.match(about({ alice: { key: KEY }, bob: { key: KEY } }), /bob and alice have the same key/)
  })

  it('is opened to policed clients only where that is asked for', () => {
    assert.deepEqual(apiService(read(OPEN)), {})
    const opened = read({ ...OPEN, 'allow-client': { policed: {}, address: ['10.0.1.0/24', '::1'] } })
    assert.deepEqual(apiService(opened), { clientServices: [{ address: '10.0.1.1', port: 8443 }] })
    assert.deepEqual(opened.settings!.allowClients, ['10.0.1.0/24', '::1/128'])
  })

  it('has no node that is not read here', () => {
    const api = clawgressService(loadDefinitions()).children.get('api')!
    const names = [...api.children.keys()].sort()
    assert.deepEqual(names, ['allow-client', 'certificate', 'key', 'listen-address', 'port'])
    assert.deepEqual([...api.children.get('allow-client')!.children.keys()].sort(), ['address', 'policed'])
    const { children } = api.children.get('key')!.children.get('id')!
    assert.deepEqual([...children.keys()].sort(), ['expires', 'key', 'role'])
    assert.equal(read({ ...OPEN, port: '9000' }).settings!.port, 9000)
  })
})
