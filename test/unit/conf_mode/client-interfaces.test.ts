import assert from 'node:assert/strict'
import { parseAddress, parsePrefix } from '../../../src/base/address.ts'
import { clientInterfaceProblems, clientInterfaceWarnings } from '../../../src/conf_mode/settings/client-interfaces.ts'
import type { NetworkInterface, SystemFacts } from '../../../src/conf_mode/system/system-facts.ts'

const device = (name: string, about: Partial<NetworkInterface> = {}): NetworkInterface => ({
  name,
  addresses: [
    { address: parseAddress('10.0.1.1')!, prefix: parsePrefix('10.0.1.0/24')!, scope: 'global' },
    { address: parseAddress('fd00:1::1')!, prefix: parsePrefix('fd00:1::/64')!, scope: 'global' },
  ],
  ...about,
})

const facts = (interfaces: readonly NetworkInterface[], about: Partial<SystemFacts> = {}): SystemFacts => ({
  interfaces,
  listeners: [],
  flowtableDevices: [],
  uplinks: [],
  connectionsToUs: [],
  untracked: [],
  ...about,
})

const sentences = (problems: readonly { message: string }[]) => problems.map(({ message }) => message).join('\n')

describe('a client interface', () => {
  it('is refused in a bridge, because its packets enter through the bridge', () => {
    const member = device('eth2', { master: { name: 'br9', kind: 'bridge' } })
    assert.match(sentences(clientInterfaceProblems('eth2', facts([member]))), /set client interface br9 instead/)
  })

  it('is refused in a bond', () => {
    const member = device('eth2', { master: { name: 'bond0', kind: 'bond' } })
    assert.match(sentences(clientInterfaceProblems('eth2', facts([member]))), /set client interface bond0 instead/)
  })

  it('is refused in a VRF', () => {
    const member = device('eth2', { master: { name: 'RED', kind: 'vrf' } })
    assert.match(sentences(clientInterfaceProblems('eth2', facts([member]))), /belongs to VRF RED/)
  })

  it('is refused in a flowtable', () => {
    const flowtableDevices = ['eth2']
    assert.match(sentences(clientInterfaceProblems('eth2', facts([device('eth2')], { flowtableDevices }))), /flowtable/)
  })

  it('is refused when it does not exist', () => {
    assert.match(sentences(clientInterfaceProblems('eth7', facts([device('eth2')]))), /does not exist/)
  })

  it('is taken without a word where nothing is odd', () => {
    assert.deepEqual(clientInterfaceProblems('eth1', facts([device('eth1')])), [])
    assert.deepEqual(clientInterfaceWarnings(['eth1'], facts([device('eth1')])), [])
  })

  it('draws a warning for a VLAN on top of it that is not policed', () => {
    const all = facts([device('eth1'), device('eth1.10', { lower: 'eth1', addresses: [] })])
    assert.match(sentences(clientInterfaceWarnings(['eth1'], all)), /eth1\.10 on top of it is not policed/)
    assert.equal(sentences(clientInterfaceWarnings(['eth1', 'eth1.10'], all)), '')
  })

  it('draws a warning when a default route leads out of it', () => {
    assert.match(
      sentences(clientInterfaceWarnings(['eth1'], facts([device('eth1')], { uplinks: ['eth1'] }))),
      /default route/,
    )
  })

  for (const address of ['10.0.1.1', 'fd00:1::1'])
    it(`draws one warning when somebody is connected to the router's ${address} there`, () => {
      const connectionsToUs = [address, address]
      const warnings = clientInterfaceWarnings(['eth1'], facts([device('eth1')], { connectionsToUs }))
      assert.equal(warnings.length, 1)
      assert.match(warnings[0]!.message, /manage it through another interface/)
    })
})
