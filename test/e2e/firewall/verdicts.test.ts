import assert from 'node:assert/strict'
import { parseAddress } from '../../../src/base/address.ts'
import type { ReasonCode } from '../../../src/base/reasons.ts'
import { synSegment } from '../../../src/firewall/flows/syn-segment.ts'
import { readCounters } from '../../../src/firewall/index.ts'
import { FirewallLab } from '../support/firewall.ts'
import { firewallPlan, prefixes, RANGE, SECOND_KEY, SSH, WEB } from '../support/firewall-plan.ts'
import { sendRaw, TcpServer, tcpTry, UdpServer, udpTry } from '../support/sockets.ts'

const PINNED = ['45.45.1.1', '2a45:1::1']
const PLAN = firewallPlan({
  defaultGroup: {
    statics: [
      { prefix: prefixes('45.45.9.0/24')[0]!, classId: WEB.id },
      { prefix: prefixes('2a45:9::/48')[0]!, classId: WEB.id },
    ],
    denyPrefixes: prefixes('45.45.9.66/32', '2a45:9::66/128', '45.45.6.0/24'),
  },
  secondGroup: { statics: [], denyPrefixes: [] },
})
const [DEFAULT, SECOND] = [PLAN.groups[0]!, PLAN.groups[1]!]

describe('the firewall judges', () => {
  let lab: FirewallLab
  before(async () => {
    lab = new FirewallLab()
    const { internet, gateway, client2 } = lab.topology
    for (const port of [22, 53, 80, 443, 853, 5353, 8005, 8080]) lab.closing(new TcpServer(internet, port))
    for (const port of [22, 53, 80, 443, 5053, 5301, 5302, 9953]) lab.closing(new TcpServer(gateway, port))
    lab.closing(new TcpServer(client2, 443))
    for (const address of PINNED) {
      for (const port of [53, 443, 853, 5353]) lab.closing(new UdpServer(internet, address, port))
    }
    for (const address of ['10.77.1.1', 'fd77:1::1', '10.77.2.1', 'fd77:2::1']) {
      for (const port of [5053, 123]) lab.closing(new UdpServer(gateway, address, port))
    }
    await lab.commit(PLAN)
    lab.pin(DEFAULT, WEB, [...PINNED, '45.45.6.6', '10.77.2.2', 'fd77:2::2', '81.2.69.1', '2a81:2:69::1', '10.1.2.3'])
    lab.pin(DEFAULT, SSH, ['45.45.2.2', '2a45:2::2'])
    lab.pin(SECOND, RANGE, ['45.45.3.3', '2a45:3::3'])
  })
  after(() => lab?.dispose())

  const client1 = () => lab.topology.client1
  const client2 = () => lab.topology.client2

  /** Runs an attempt and requires that exactly this counter moved, by at least one packet, and no other. */
  async function refused(scope: string, reason: ReasonCode, attempt: () => Promise<unknown> | unknown): Promise<void> {
    const before = lab.gateway(readCounters).denied
    await attempt()
    const after = lab.gateway(readCounters).denied
    const moved = Object.entries(after).flatMap(([group, reasons]) =>
      Object.entries(reasons)
        .filter(([code, count]) => count.packets > (before[group]?.[code as ReasonCode]?.packets ?? 0))
        .map(([code]) => `${group} ${code}`),
    )
    assert.deepEqual(moved, [`${scope} ${reason}`])
  }

  for (const [family, pinned, listed, denied, unknown, ssh, gatewayAddress, uplink] of [
    ['IPv4', PINNED[0]!, '45.45.9.9', '45.45.9.66', '45.45.8.8', '45.45.2.2', '10.77.1.1', '81.2.69.2'],
    ['IPv6', PINNED[1]!, '2a45:9::9', '2a45:9::66', '2a45:8::8', '2a45:2::2', 'fd77:1::1', '2a81:2:69::2'],
  ] as const) {
    const unreachable = family === 'IPv4' ? 'EHOSTUNREACH' : 'EACCES'

    it(`pinned addresses on their ports as allowed (${family})`, async () => {
      assert.equal(await tcpTry(client1(), pinned, 443), 'open')
      assert.equal(await tcpTry(client1(), pinned, 80), 'open')
      assert.equal(await udpTry(client1(), pinned, 443), 'answered')
      assert.equal(await tcpTry(client1(), ssh, 22), 'open')
    })

    it(`listed prefixes as allowed without any pin (${family})`, async () => {
      assert.equal(await tcpTry(client1(), listed, 443), 'open')
    })

    it(`addresses that no name led to as net.not-pinned, at once (${family})`, async () => {
      await refused('default', 'net.not-pinned', async () => {
        const began = performance.now()
        assert.equal(await tcpTry(client1(), unknown, 443), 'ECONNREFUSED')
        assert.ok(performance.now() - began < 500)
      })
      await refused('default', 'net.not-pinned', async () =>
        assert.equal(await udpTry(client1(), unknown, 443), unreachable),
      )
    })

    it(`other ports of reachable addresses as net.port (${family})`, async () => {
      for (const address of [pinned, listed]) {
        await refused('default', 'net.port', async () =>
          assert.equal(await tcpTry(client1(), address, 8080), 'ECONNREFUSED'),
        )
      }
      await refused('default', 'net.port', async () => assert.equal(await udpTry(client1(), ssh, 22), unreachable))
    })

    it(`denied prefixes as net.denied, though listed or pinned (${family})`, async () => {
      await refused('default', 'net.denied', async () =>
        assert.equal(await tcpTry(client1(), denied, 443), 'ECONNREFUSED'),
      )
    })

    it(`DNS over TLS, over QUIC and multicast DNS as net.dns-bypass (${family})`, async () => {
      for (const port of [853, 5353]) {
        await refused('default', 'net.dns-bypass', async () =>
          assert.equal(await tcpTry(client1(), pinned, port), 'ECONNREFUSED'),
        )
        await refused('default', 'net.dns-bypass', async () =>
          assert.equal(await udpTry(client1(), pinned, port), unreachable),
        )
      }
    })

    it(`ping to the outside as net.protocol and to the gateway as allowed (${family})`, async () => {
      client1().run('ping', '-c1', '-W1', gatewayAddress)
      await refused('default', 'net.protocol', () =>
        assert.throws(
          () => client1().run('ping', '-c1', '-W1', pinned),
          (error: { stdout?: string }) => /filtered|prohibited/.test(error.stdout ?? ''),
        ),
      )
    })

    it(`queries to any resolver as for the gateway's own (${family})`, async () => {
      for (const resolver of [gatewayAddress, pinned, unknown, uplink]) {
        assert.equal(await udpTry(client1(), resolver, 53), 'answered')
        assert.equal(await tcpTry(client1(), resolver, 53), 'open')
      }
    })

    it(`every other port of the gateway, named's own included, as net.gateway (${family})`, async () => {
      for (const port of [22, 443, 5053, 5301, 5302, 9953]) {
        for (const address of [gatewayAddress, uplink]) {
          await refused('any', 'net.gateway', async () =>
            assert.equal(await tcpTry(client1(), address, port), 'ECONNREFUSED'),
          )
        }
      }
      await refused('any', 'net.gateway', async () =>
        assert.equal(await udpTry(client1(), gatewayAddress, 5053), unreachable),
      )
    })

    it(`the private DNS port as closed to the outside, and others there as none of our business (${family})`, async () => {
      const { internet } = lab.topology
      assert.equal(await tcpTry(internet, uplink, 5053, 300), 'ETIMEDOUT')
      assert.equal(await tcpTry(internet, uplink, 53), 'open')
      assert.equal(await tcpTry(internet, uplink, 22), 'open')
    })

    it(`other clients as net.neighbour, though pinned (${family})`, async () => {
      const neighbour = family === 'IPv4' ? '10.77.2.2' : 'fd77:2::2'
      await refused('any', 'net.neighbour', async () =>
        assert.equal(await tcpTry(client1(), neighbour, 443), 'ECONNREFUSED'),
      )
    })

    it(`on-link addresses of the gateway as net.private, though pinned (${family})`, async () => {
      const onLink = family === 'IPv4' ? '81.2.69.1' : '2a81:2:69::1'
      await refused('default', 'net.private', async () =>
        assert.equal(await tcpTry(client1(), onLink, 443), 'ECONNREFUSED'),
      )
    })

    it(`sources that do not route back as net.unknown-client (${family})`, async () => {
      const [spoofed, target] = family === 'IPv4' ? ['10.77.2.2', '45.45.1.1'] : ['fd77:2::2', '2a45:1::1']
      const from = { address: parseAddress(spoofed)!, port: 4242 }
      for (const [destination, port] of [
        [target, 443],
        [gatewayAddress, 53],
      ] as const) {
        const packet = synSegment(from, { address: parseAddress(destination)!, port }, Buffer.alloc(4))
        await refused('any', 'net.unknown-client', () => sendRaw(client1(), packet, destination))
      }
    })

    it(`a group by its own classes (${family})`, async () => {
      const own = family === 'IPv4' ? '45.45.3.3' : '2a45:3::3'
      assert.equal(await tcpTry(client2(), own, 8005), 'open')
      await refused(SECOND_KEY, 'net.port', async () =>
        assert.equal(await tcpTry(client2(), own, 8080), 'ECONNREFUSED'),
      )
      await refused(SECOND_KEY, 'net.not-pinned', async () =>
        assert.equal(await tcpTry(client2(), pinned, 443), 'ECONNREFUSED'),
      )
      await refused('default', 'net.not-pinned', async () =>
        assert.equal(await tcpTry(client1(), own, 8005), 'ECONNREFUSED'),
      )
    })
  }

  it('denied addresses as net.denied, though pinned', async () => {
    await refused('default', 'net.denied', async () =>
      assert.equal(await tcpTry(client1(), '45.45.6.6', 443), 'ECONNREFUSED'),
    )
  })

  it('private addresses as net.private, though pinned', async () => {
    await refused('default', 'net.private', async () =>
      assert.equal(await tcpTry(client1(), '10.1.2.3', 443), 'ECONNREFUSED'),
    )
  })

  it('unrequested segments as invalid or by policy, and lets none through', async () => {
    const packet = synSegment(
      { address: parseAddress('10.77.1.2')!, port: 4243 },
      { address: parseAddress('45.45.8.8')!, port: 443 },
      Buffer.alloc(4),
    )
    packet[33] = 0x29
    await refused('any', 'net.invalid', () => sendRaw(client1(), packet, '45.45.8.8'))
  })
})
