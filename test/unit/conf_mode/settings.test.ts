import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { clawgressService } from '../../../build/configuration-page.ts'
import { parseAddress, parsePrefix } from '../../../src/base/address.ts'
import { layoutBelow } from '../../../src/base/layout.ts'
import { readSettings } from '../../../src/conf_mode/settings/settings.ts'
import type { SystemFacts } from '../../../src/conf_mode/system/system-facts.ts'
import { type ConfigDict, type Definition, loadDefinitions } from '../../../src/vyos/index.ts'

const at = (name: string, address: string, prefix: string) => ({
  name,
  addresses: [{ address: parseAddress(address)!, prefix: parsePrefix(prefix)!, scope: 'global' }],
})
const FACTS: SystemFacts = {
  interfaces: [at('eth1', '10.0.1.1', '10.0.1.0/24'), at('eth2', '10.0.2.1', '10.0.2.0/24')],
  listeners: [],
  uplinks: [],
  connectionsToUs: [],
  flowtableDevices: [],
  untracked: [],
}
const BASE: ConfigDict = {
  'policy-file': '/config/policy.json',
  client: { interface: ['eth1'] },
  dns: { 'name-server': { '9.9.9.9': { port: '53' } } },
}
/** A value for each leaf that differs from the base and from every default. */
const OTHER: Readonly<Record<string, ConfigDict>> = {
  'policy-file': { 'policy-file': '/config/other.json' },
  'client interface': { client: { interface: ['eth1', 'eth2'] } },
  'client network': { client: { interface: ['eth1'], network: ['10.0.1.0/24'] } },
  'listen-address': { 'listen-address': ['10.0.2.1'] },
  'dns name-server': { dns: { 'name-server': { '1.1.1.1': {} } } },
  'dns name-server port': { dns: { 'name-server': { '9.9.9.9': { port: '5300' } } } },
  'dns name-server tls-hostname': {
    dns: { 'name-server': { '9.9.9.9': { port: '53', 'tls-hostname': 'dns.quad9.net' } } },
  },
  'dns deny-answer': { dns: { 'deny-answer': 'nodata' } },
  'dns cache-size': { dns: { 'cache-size': '128' } },
  'dns max-ttl': { dns: { 'max-ttl': '600' } },
  'dns pin-slack': { dns: { 'pin-slack': '600' } },
  'dns root-hints': { dns: { 'root-hints': '/config/file' } },
  'dns trust-anchors': { dns: { 'trust-anchors': '/config/file' } },
  'firewall deny-action': { firewall: { 'deny-action': 'drop' } },
  'firewall keep-established': { firewall: { 'keep-established': {} } },
  'firewall mark-mask': { firewall: { 'mark-mask': '0x0ff00000' } },
  'logging allow': { logging: { allow: 'off' } },
  'logging deny': { logging: { deny: 'off' } },
  'logging syslog facility': { logging: { syslog: { facility: 'local3' } } },
}
/**
 * `disable` and `left-out` are decided before settings are read: see the end-to-end tests. Alerts, policy, API and
 * why page have readers of their own.
 */
const ELSEWHERE = (node: string) =>
  node === 'disable' || node === 'left-out' || /^(alert|api|policy|why-page) /.test(node)

describe('every node of the configuration', () => {
  const root = mkdtempSync(join(tmpdir(), 'clawgress-settings-'))
  before(() => {
    mkdirSync(join(root, 'config'))
    writeFileSync(join(root, 'config', 'file'), '')
  })
  after(() => rmSync(root, { recursive: true }))
  const read = (config: ConfigDict) => readSettings(config, FACTS, layoutBelow(root))

  function* leaves(parent: Definition, words: readonly string[]): Iterable<string> {
    for (const child of parent.children.values()) {
      if (child.kind !== 'node') yield [...words, child.name].join(' ')
      if (child.kind !== 'leaf') yield* leaves(child, [...words, child.name])
    }
  }

  it('is read by the handler: a changed value changes what is made of it', () => {
    const before = read(BASE)
    assert.deepEqual(before.problems, [])
    const nodes = [...leaves(clawgressService(loadDefinitions()), [])]
    const readHere = nodes.filter((node) => !ELSEWHERE(node))
    assert.deepEqual(readHere.sort(), Object.keys(OTHER).sort())
    for (const node of Object.keys(OTHER)) {
      const dns = { ...(BASE.dns as ConfigDict), ...((OTHER[node]!.dns ?? {}) as ConfigDict) }
      const { settings, problems } = read({ ...BASE, ...OTHER[node], dns })
      assert.deepEqual(problems, [], node)
      assert.notDeepEqual(settings, before.settings, node)
    }
  })
})

describe('an address to listen on', () => {
  it('is refused where no client would reach DNS there, though it is an address of the router', () => {
    const facts = { ...FACTS, interfaces: [...FACTS.interfaces, at('eth3', 'fe80::1', 'fe80::/64')] }
    const config = { ...BASE, 'listen-address': ['10.0.1.1', 'FE80:0::1'] }
    const messages = readSettings(config, facts, layoutBelow(tmpdir())).problems.map(({ message }) => message)
    assert.deepEqual(messages.length, 1)
    assert.match(messages[0]!, /^FE80:0::1 is a link-local address/)
  })
})

describe('a family whose packets are kept out of connection tracking', () => {
  const readWith = (untracked: SystemFacts['untracked'], more: ConfigDict = {}) => {
    const { problems, warnings } = readSettings({ ...BASE, ...more }, { ...FACTS, untracked }, layoutBelow(tmpdir()))
    return { problems: problems.map(({ message }) => message), warnings: warnings.map(({ message }) => message) }
  }
  const IPV6 = [{ family: 6, interfaces: ['eth1'] }] as const

  it('is refused where a client interface has an address of it, or clients live in it', () => {
    assert.match(
      readWith(IPV6).problems.join(),
      /takes all IPv6 packets out .* state-policy established action accept first/,
    )
    const inNetwork = { client: { interface: ['eth2'], network: ['fd00:9::/64'] } }
    assert.match(readWith(IPV6, inNetwork).problems.join(), /takes all IPv6 packets out/)
  })

  it('is refused together with the other one, in one sentence, where clients use both', () => {
    const both = ([4, 6] as const).map((family) => ({ family, interfaces: ['eth1'] }))
    const { problems } = readWith(both)
    assert.deepEqual([problems.length, /^This router takes all packets out/.test(problems[0] ?? '')], [1, true])
  })

  it('is warned of where no client uses it', () => {
    const { problems, warnings } = readWith([{ family: 6, interfaces: ['eth0'] }])
    assert.deepEqual(problems, [])
    assert.match(warnings.join(), /takes all IPv6 packets out .* where they are to use it, set firewall/)
  })
})
