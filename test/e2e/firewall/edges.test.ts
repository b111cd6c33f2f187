import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { formatAddress, parseAddress } from '../../../src/base/address.ts'
import { dumpFlows, forgetStaleQueries, readCounters } from '../../../src/firewall/index.ts'
import { FirewallLab } from '../support/firewall.ts'
import { firewallPlan, prefixes } from '../support/firewall-plan.ts'
import { packetTooBig } from '../support/icmp.ts'
import { until } from '../support/lab.ts'
import { sendRaw, TcpServer, tcpTry, UdpServer, UdpSocket, udpTry } from '../support/sockets.ts'

const PLAN = firewallPlan()
const PINNED = { 4: '45.45.1.1', 6: '2a45:1::1' } as const
const UNKNOWN = { 4: '45.45.8.8', 6: '2a45:8::8' } as const
const CLIENT = { 4: '10.77.1.2', 6: 'fd77:1::2' } as const
const FAMILIES = [4, 6] as const

describe('the firewall', () => {
  let lab: FirewallLab
  const child = (namespace: { name: string }, ...words: string[]): ChildProcess => {
    const made = spawn('ip', ['netns', 'exec', namespace.name, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
    lab.atEnd(() => made.kill('SIGKILL'))
    return made
  }
  beforeEach(async () => {
    lab = await FirewallLab.enforcing(PLAN, Object.values(PINNED))
  })
  afterEach(() => lab.dispose())

  /** Forges a router's complaint about a datagram from port 5555, with or without the flow it would belong to. */
  async function complain(family: 4 | 6, withFlow: boolean): Promise<void> {
    const [source, destination] = [CLIENT[family], PINNED[family]]
    const socket = new UdpSocket(lab.topology.client1, source).bind(source, 5555).connect(destination, 443)
    lab.closing(socket)
    if (withFlow) {
      socket.send('question')
      assert.equal(await socket.receive(), 'answer')
    }
    const sent = { source, destination, sourcePort: 5555, destinationPort: 443 }
    const router = family === 4 ? '45.45.200.1' : '2a45:200::1'
    sendRaw(lab.topology.internet, packetTooBig(router, sent, 1300), source)
  }
  const route = (family: 4 | 6) => lab.topology.client1.run('ip', `-${family}`, 'route', 'get', PINNED[family])

  it('lets path MTU errors from any router through to the client of an open flow', async () => {
    for (const family of FAMILIES) {
      lab.closing(new UdpServer(lab.topology.internet, PINNED[family], 443))
      await complain(family, true)
      await until('the client has learnt the MTU', 2_000, () => route(family).includes('mtu 1300'))
    }
  })

  it('lets no ICMP error through that belongs to no open flow', async () => {
    for (const family of FAMILIES) {
      await complain(family, false)
      await udpTry(lab.topology.client1, UNKNOWN[family], 443)
      assert.doesNotMatch(route(family), /mtu 1300/)
    }
  })

  it('serves only the configured networks', async () => {
    await lab.commit(firewallPlan({ settings: { clientNetworks: prefixes('10.77.1.0/30', 'fd77:1::/64') } }))
    lab.closing(new TcpServer(lab.topology.internet, 443))
    lab.closing(new UdpServer(lab.topology.gateway, '10.77.1.1', 5053))
    const { client1 } = lab.topology
    assert.equal(await tcpTry(client1, PINNED[4], 443), 'open')
    assert.equal(await udpTry(client1, '10.77.1.1', 53), 'answered')
    client1.ip('address add 10.77.1.99/24 dev a0')
    client1.ip('route replace default via 10.77.1.1 src 10.77.1.99')
    client1.ip('route replace 10.77.1.0/24 dev a0 src 10.77.1.99')
    assert.equal(await tcpTry(client1, PINNED[4], 443), 'ECONNREFUSED')
    assert.equal(await udpTry(client1, '10.77.1.1', 53), 'EHOSTUNREACH')
    assert.ok(lab.denied('any', 'net.unknown-client') >= 2)
    assert.equal(await tcpTry(client1, PINNED[6], 443), 'open')
  })

  it('serves nobody of a family without a configured network', async () => {
    await lab.commit(firewallPlan({ settings: { clientNetworks: prefixes('10.77.1.0/24') } }))
    lab.closing(new TcpServer(lab.topology.internet, 443))
    assert.equal(await tcpTry(lab.topology.client1, PINNED[4], 443), 'open')
    assert.equal(await tcpTry(lab.topology.client1, PINNED[6], 443), 'ECONNREFUSED')
    assert.equal(lab.denied('any', 'net.unknown-client'), 1)
  })

  it('refuses queries as net.gateway in a family without a listen address', async () => {
    await lab.commit(firewallPlan({ settings: { listenAddresses: ['10.77.1.1'] } }))
    lab.closing(new UdpServer(lab.topology.gateway, '10.77.1.1', 5053))
    assert.equal(await udpTry(lab.topology.client1, '10.77.1.1', 53), 'answered')
    assert.equal(await udpTry(lab.topology.client2, '10.77.2.1', 53), 'answered')
    for (const resolver of ['fd77:1::1', UNKNOWN[6]]) {
      assert.equal(await udpTry(lab.topology.client1, resolver, 53), 'EACCES')
    }
    assert.equal(lab.denied('any', 'net.gateway'), 2)
  })

  it('turns to the gateway also those queries whose flow is older than the ruleset', async () => {
    const { client1, gateway, internet } = lab.topology
    gateway.run('nft', 'delete', 'table', 'inet', 'clawgress')
    // Something else on the gateway tracks connections, as VyOS does.
    gateway.run('nft', 'table inet other { chain c { type filter hook forward priority 0; ct state new accept\n }\n}')
    for (const family of FAMILIES) {
      const own = family === 4 ? '10.77.1.1' : 'fd77:1::1'
      lab.closing(new UdpServer(gateway, own, 5053))
      const foreign = new UdpServer(internet, PINNED[family], 53)
      const socket = new UdpSocket(client1, CLIENT[family]).bind(CLIENT[family], 5353).connect(PINNED[family], 53)
      lab.closing(socket)
      socket.send('question')
      assert.equal(await socket.receive(), 'answer')
      foreign.close()
      await lab.commit(PLAN)
      socket.send('question')
      assert.equal(await socket.receive(), family === 4 ? 'EHOSTUNREACH' : 'EACCES')
      assert.ok(lab.gateway(() => forgetStaleQueries(PLAN.settings)) >= 1)
      socket.send('question')
      assert.equal(await socket.receive(), 'answer')
      assert.equal(
        lab.gateway(() => forgetStaleQueries(PLAN.settings)),
        0,
      )
      gateway.run('nft', 'delete', 'table', 'inet', 'clawgress')
    }
  })

  it('drops in silence when told so, and counts all the same', async () => {
    await lab.commit(firewallPlan({ settings: { denyAction: 'drop' } }))
    for (const family of FAMILIES) {
      assert.equal(await tcpTry(lab.topology.client1, UNKNOWN[family], 443, 300), 'ETIMEDOUT')
    }
    assert.ok(lab.denied('default', 'net.not-pinned') >= 2)
  })

  it('lets clients ask for addresses and announce routers', async () => {
    for (const [address, port] of [
      ['10.77.1.1', 67],
      ['fd77:1::1', 547],
    ] as const) {
      lab.closing(new UdpServer(lab.topology.gateway, address, port))
      assert.equal(await udpTry(lab.topology.client1, address, port), 'answered')
    }
    // VRRP: its packets are counted behind us, and nothing is refused.
    lab.topology.gateway.run(
      'nft',
      'table inet seen { counter vrrp { }\n chain input { type filter hook input priority 0; meta l4proto vrrp counter name vrrp\n }\n}',
    )
    const packet = Buffer.from('4500001c000000004070000000000000e00000122101640100000000', 'hex')
    packet.set(parseAddress(CLIENT[4])!, 12)
    packet.set(parseAddress('10.77.1.1')!, 16)
    sendRaw(lab.topology.client1, packet, '10.77.1.1')
    assert.match(lab.topology.gateway.run('nft', 'list', 'counter', 'inet', 'seen', 'vrrp'), /packets 1 /)
  })

  it('counts every denial exactly and logs no more than a thousand a second of one client', async () => {
    const socket = new UdpSocket(lab.topology.client1, UNKNOWN[4])
    lab.closing(socket)
    socket.connect(UNKNOWN[4], 443)
    let sent = 0
    while (sent < 5000) {
      const error = socket.send('x')
      if (error === undefined) sent++
    }
    const { denied, logged, notLogged } = lab.gateway(readCounters)
    assert.equal(denied.default?.['net.not-pinned']?.packets, sent)
    assert.equal(logged.packets + notLogged.packets, sent)
    assert.ok(logged.packets >= 1000 && logged.packets < 2500, String(logged.packets))
  })

  it('logs a denial with group, reason and generation', async () => {
    const capture = child(lab.topology.gateway, 'tcpdump', '-i', 'nflog:5', '-U', '-w', '-')
    const chunks: Buffer[] = []
    capture.stdout!.on('data', (chunk: Buffer) => chunks.push(chunk))
    let said = ''
    capture.stderr!.on('data', (chunk: Buffer) => {
      said += chunk
    })
    await until('tcpdump listens', 4_000, () => said.includes('listening'))
    await tcpTry(lab.topology.client1, UNKNOWN[4], 443)
    const wanted = `cg:g=default;r=net.not-pinned;m=${lab.mark}`
    await until('there is a record with that prefix', 4_000, () => Buffer.concat(chunks).includes(wanted))
  })

  it('keeps no connection entries for traffic between named and pinner', async () => {
    const { gateway } = lab.topology
    const ask = async (from: string, to: string, port: number) => {
      const answering = new UdpServer(gateway, to, port)
      const socket = new UdpSocket(gateway, to).bind(from, 0).connect(to, port)
      try {
        socket.send('question')
        assert.equal(await socket.receive(), 'answer')
      } finally {
        socket.close()
        answering.close()
      }
    }
    const destinations = () => lab.gateway(() => dumpFlows()).map((flow) => formatAddress(flow.original.destination))
    await ask('127.0.0.1', '127.53.0.1', 5301)
    await ask('127.0.0.1', '127.0.54.1', 5302)
    await ask('127.0.0.53', '127.0.0.1', 5053)
    assert.deepEqual(destinations(), [])
    await ask('127.0.0.1', '127.0.0.1', 5999)
    assert.deepEqual(destinations(), ['127.0.0.1'], 'others are tracked as before')
  })
})
