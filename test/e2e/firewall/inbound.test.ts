import assert from 'node:assert/strict'
import { once } from 'node:events'
import type net from 'node:net'
import { dumpFlows, markField, printClosedRuleset } from '../../../src/firewall/index.ts'
import { FirewallLab } from '../support/firewall.ts'
import { firewallPlan, WEB } from '../support/firewall-plan.ts'
import { TcpServer, tcpConnect, tcpTry, UdpServer, UdpSocket, udpTry } from '../support/sockets.ts'

const PLAN = firewallPlan()
const GROUP = PLAN.groups[0]!
const LISTED = { 4: '45.45.1.1', 6: '2a45:1::1' } as const
const CLIENT = { 4: '10.77.1.2', 6: 'fd77:1::2' } as const
const FAMILIES = [4, 6] as const
const field = markField(PLAN.settings.markMask)

describe('flows from outside', () => {
  let lab: FirewallLab
  beforeEach(async () => {
    lab = await FirewallLab.enforcing(PLAN, Object.values(LISTED))
  })
  afterEach(() => lab.dispose())

  const forgetFlows = () => lab.topology.gateway.run('conntrack', '-F')
  const inboundFlows = () =>
    lab.gateway(() => dumpFlows()).filter((flow) => field.number(flow.mark) === field.inbound).length

  async function connect(family: 4 | 6): Promise<{ client: net.Socket; peer: net.Socket }> {
    const server = lab.closing(new TcpServer(lab.topology.internet, 443))
    const client = await tcpConnect(lab.topology.client1, LISTED[family], 443)
    if (typeof client === 'string') throw new Error(client)
    lab.atEnd(() => client.destroy())
    return { client, peer: await server.peerOf(client) }
  }

  /** Lets the server speak first into a gateway that has forgotten the flow; true where it gets through. */
  async function heard(client: net.Socket, peer: net.Socket): Promise<boolean> {
    const data = once(client, 'data', { signal: AbortSignal.timeout(600) })
    peer.write('pushed')
    return data.then(
      () => true,
      () => false,
    )
  }

  async function reset(socket: net.Socket): Promise<void> {
    const [error] = await once(socket, 'error', { signal: AbortSignal.timeout(2000) })
    assert.equal((error as NodeJS.ErrnoException).code, 'ECONNRESET')
  }

  for (const family of FAMILIES) {
    it(`do not come of a client's own whose entry was lost: TCP over IPv${family}`, async () => {
      const { client, peer } = await connect(family)
      forgetFlows()
      assert.equal(await heard(client, peer), false)
      assert.equal(inboundFlows(), 0)
      lab.unpin(GROUP, WEB, [LISTED[family]])
      await lab.commit(PLAN)
      client.write('x')
      await reset(client)
    })

    it(`do not keep a client's own from going on once it speaks: TCP over IPv${family}`, async () => {
      const { client, peer } = await connect(family)
      forgetFlows()
      assert.equal(await heard(client, peer), false)
      const answered = once(client, 'data', { signal: AbortSignal.timeout(4000) })
      client.write('x')
      await answered
      assert.equal(inboundFlows(), 0)
    })

    it(`are none while the gateway is closed that a client has begun: TCP over IPv${family}`, async () => {
      const { client, peer } = await connect(family)
      await lab.load(printClosedRuleset(PLAN.settings))
      forgetFlows()
      assert.equal(await heard(client, peer), false)
      assert.equal(inboundFlows(), 0)
      await lab.commit(PLAN)
      lab.unpin(GROUP, WEB, [LISTED[family]])
      assert.equal(await heard(client, peer), false)
    })

    it(`are cut when they began before the table stood, in the middle of a connection: TCP over IPv${family}`, async () => {
      const { client, peer } = await connect(family)
      lab.topology.gateway.run('nft', 'delete table inet clawgress')
      // Something else on the gateway tracks connections, as VyOS does.
      lab.topology.gateway.run(
        'nft',
        'table inet other { chain c { type filter hook forward priority 0; ct state new accept\n }\n}',
      )
      forgetFlows()
      assert.equal(await heard(client, peer), true)
      await lab.commit(PLAN)
      peer.write('x')
      client.write('x')
      await Promise.all([client, peer].map(reset))
    })

    it(`do not come of a client's own that was idle for too long: UDP over IPv${family}`, async () => {
      const server = lab.closing(new UdpSocket(lab.topology.internet, LISTED[family]).bind(LISTED[family], 443))
      const client = lab.closing(new UdpSocket(lab.topology.client1, CLIENT[family]).bind(CLIENT[family], 5555))
      client.connect(LISTED[family], 443)
      client.send('question')
      assert.equal(await server.receive(), 'question')
      server.connect(CLIENT[family], 5555)
      for (const closed of [false, true]) {
        if (closed) await lab.load(printClosedRuleset(PLAN.settings))
        forgetFlows()
        server.send('pushed')
        assert.equal(await client.receive(300), 'ETIMEDOUT')
        assert.equal(inboundFlows(), 0)
      }
    })

    it(`never begin with UDP, which could be the rest of a client's own: IPv${family}`, async () => {
      const { client1, internet } = lab.topology
      for (const port of [161, 5555]) lab.closing(new UdpServer(client1, CLIENT[family], port))
      for (const closed of [false, true]) {
        if (closed) await lab.load(printClosedRuleset(PLAN.settings))
        for (const port of [161, 5555]) assert.notEqual(await udpTry(internet, CLIENT[family], port, 300), 'answered')
        assert.equal(inboundFlows(), 0)
      }
    })

    it(`begin with ping and TCP, also while the gateway is closed: IPv${family}`, async () => {
      const { client1, internet } = lab.topology
      lab.closing(new TcpServer(client1, 22))
      for (const closed of [false, true]) {
        if (closed) await lab.load(printClosedRuleset(PLAN.settings))
        internet.run('ping', '-c1', '-W1', CLIENT[family])
        assert.equal(await tcpTry(internet, CLIENT[family], 22), 'open')
      }
    })
  }
})
