import assert from 'node:assert/strict'
import { printClosedRuleset } from '../../../src/firewall/index.ts'
import { FirewallLab } from '../support/firewall.ts'
import { firewallPlan } from '../support/firewall-plan.ts'
import { until } from '../support/lab.ts'
import { TcpServer, tcpTry, UdpServer, UdpSocket, udpTry } from '../support/sockets.ts'

const PLAN = firewallPlan()
const FAMILIES = [4, 6] as const
const GATEWAY = { 4: ['10.77.1.1', '10.77.2.1'], 6: ['fd77:1::1', 'fd77:2::1'] } as const
const CLIENT = { 4: '10.77.1.2', 6: 'fd77:1::2' } as const
const FLOOD = 4000

describe('what one client may ask of the gateway', () => {
  let lab: FirewallLab
  beforeEach(async () => {
    lab = await FirewallLab.enforcing(PLAN)
    lab.topology.gateway.run(
      'nft',
      'table inet seen { counter queries { }\n chain c { type filter hook input priority 0; iifname c1 udp dport 5053 counter name queries\n }\n}',
    )
  })
  afterEach(() => lab.dispose())

  // Counted behind our own chain.
  const admitted = () =>
    Number(/packets (\d+)/.exec(lab.topology.gateway.run('nft', 'list', 'counter', 'inet', 'seen', 'queries'))![1])
  const refused = () => lab.denied('any', 'limit.rate')

  for (const family of FAMILIES) {
    it(`is bounded in queries a second, each refusal counted, while others are served: UDP over IPv${family}`, async () => {
      const { client1, client2, gateway } = lab.topology
      const [own, others] = GATEWAY[family]
      lab.closing(new UdpServer(gateway, own, 5053))
      lab.closing(new UdpServer(gateway, others, 5053))
      const socket = lab.closing(new UdpSocket(client1, CLIENT[family]).bind(CLIENT[family], 5555)).connect(own, 53)
      const began = performance.now()
      for (let sent = 0; sent < FLOOD; ) if (socket.send('question') === undefined) sent++
      const allowed = 1000 + (500 * (performance.now() - began)) / 1000
      assert.equal(await udpTry(client2, others, 53), 'answered')
      await until('all questions are counted', 2000, () => admitted() + refused() >= FLOOD)
      assert.equal(admitted() + refused(), FLOOD)
      assert.ok(admitted() >= 1000 && admitted() <= allowed + 50, String(admitted()))
    })

    it(`is bounded in new connections for queries, as in queries: IPv${family}`, async () => {
      const { client1, gateway } = lab.topology
      const [own] = GATEWAY[family]
      lab.closing(new TcpServer(gateway, 5053))
      const socket = lab.closing(new UdpSocket(client1, CLIENT[family]).bind(CLIENT[family], 5555)).connect(own, 53)
      assert.equal(await tcpTry(client1, own, 53), 'open')
      // A machine that stands still after the questions gives time for as many connections.
      await until('a connection is refused', 5000, async () => {
        for (let sent = 0; sent < FLOOD; ) if (socket.send('question') === undefined) sent++
        const results = await Promise.all(Array.from({ length: 100 }, () => tcpTry(client1, own, 53)))
        return results.includes('ECONNREFUSED')
      })
    })

    it(`is bounded in pings a second, of its own only: IPv${family}`, async () => {
      const { client1, client2 } = lab.topology
      const [own, others] = GATEWAY[family]
      for (const closed of [false, true]) {
        if (closed) await lab.load(printClosedRuleset(PLAN.settings))
        const flood = client1.run('sh', '-c', `ping -q -n -f -c 1000 -w 1 ${own} || true`)
        const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(flood)!.map(Number)
        assert.ok(received! < sent! && received! <= 250, flood)
        client2.run('ping', '-c1', '-W1', others)
        assert.ok(lab.denied('any', closed ? 'policy.closed' : 'limit.rate') > 0)
      }
    })
  }

  it('is counted for a whole /64 over IPv6', async () => {
    const { client1, gateway } = lab.topology
    lab.closing(new UdpServer(gateway, GATEWAY[6][0], 5053))
    const began = performance.now()
    for (let i = 0; i < 8; i++) {
      const address = `fd77:1::100:${i}`
      client1.ip(`address add ${address}/64 dev a0 nodad`)
      const socket = lab.closing(new UdpSocket(client1, address).bind(address, 5555)).connect(GATEWAY[6][0], 53)
      for (let sent = 0; sent < FLOOD / 8; ) if (socket.send('question') === undefined) sent++
    }
    const allowed = 1000 + (500 * (performance.now() - began)) / 1000
    await until('all questions are counted', 2000, () => admitted() + refused() >= FLOOD)
    assert.ok(admitted() >= 1000 && admitted() <= allowed + 50, String(admitted()))
  })
})
