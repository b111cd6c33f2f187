import assert from 'node:assert/strict'
import { after, before, describe, it } from 'mocha'
import { formatAddress } from '../../../src/base/address.ts'
import { readSystemFacts, type SystemFacts } from '../../../src/conf_mode/system/system-facts.ts'
import { Namespace } from '../support/netns.ts'
import { TcpServer } from '../support/sockets.ts'

const NOTRACK = 'table ip6 vyos_conntrack { chain PREROUTING { type filter hook prerouting priority raw; notrack; }; }'

describe('what a commit knows of the router', () => {
  const router = new Namespace('facts')
  let empty: SystemFacts
  let full: SystemFacts

  before(async () => {
    empty = await router.inside(readSystemFacts)
    router.ip('link add lan type veth peer name wan')
    for (const device of ['lan', 'wan']) router.ip(`link set ${device} up`)
    router.ip('address add 10.0.0.1/24 dev lan')
    router.ip('address add fd00:1::1/64 dev wan nodad')
    router.ip('route add default nexthop via 10.0.0.2 nexthop via 10.0.0.3')
    router.ip('-6 route add default via fd00:1::2')
    router.ip('link add unplugged type veth peer name far')
    router.ip('link set unplugged up')
    router.ip('address add fd00:2::1/64 dev unplugged')
    router.run('nft', NOTRACK)
    const server = new TcpServer(router, 53)
    full = await router.inside(readSystemFacts)
    server.close()
  })
  after(() => router.dispose())

  it('is nothing on a router where nothing is set up', () => {
    const { interfaces, ...rest } = empty
    assert.deepEqual(
      interfaces.map(({ name }) => name),
      ['lo'],
    )
    const nothing = { uplinks: [], listeners: [], connectionsToUs: [], flowtableDevices: [], untracked: [] }
    assert.deepEqual(rest, nothing)
  })

  it('are the interfaces with their addresses', () => {
    const addresses = full.interfaces.flatMap(({ name, addresses: own }) =>
      own.filter(({ scope }) => scope === 'global').map(({ address }) => `${name} ${formatAddress(address)}`),
    )
    assert.deepEqual(addresses.sort(), ['lan 10.0.0.1', 'unplugged fd00:2::1', 'wan fd00:1::1'])
  })

  it('are the uplinks of both families, also of a route over several gateways', () => {
    assert.deepEqual([...full.uplinks].sort(), ['lan', 'wan'])
  })

  it('is which family is taken out of connection tracking, and where it is used, plugged in or not', () => {
    const [{ family, interfaces } = assert.fail(), ...others] = full.untracked
    assert.deepEqual([family, [...interfaces].sort(), others], [6, ['lo', 'unplugged', 'wan'], []])
  })

  it('is which program holds a port that the gateway needs', () => {
    const [listener] = full.listeners
    assert.deepEqual([listener?.protocol, listener?.port, listener?.program], ['tcp', 53, 'node'])
  })
})
