import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FirewallLab } from '../support/firewall.ts'
import { firewallPlan } from '../support/firewall-plan.ts'
import { TcpServer, tcpConnect, tcpTry, UdpServer, udpTry } from '../support/sockets.ts'

const PLAN = firewallPlan()
const LISTED = { 4: '45.45.1.1', 6: '2a45:1::1' } as const
const CLIENT = { 4: '10.77.1.2', 6: 'fd77:1::2' } as const
const SHORT_MS = 300

/** What VyOS loads for the rules in docs/vyos.md, on the client interfaces of the tests. */
const RULES = readFileSync('test/data/vyos-router/closed-without-package.nft', 'utf8').replaceAll(
  '"eth1"',
  '"c1", "c2"',
)

/** VyOS takes packets out of connection tracking where nothing in its configuration asks for it. */
const UNTRACKED = `table inet other { chain untracked { type filter hook prerouting priority raw; notrack; }; }`

describe("VyOS's firewall rules for a router that may lose the package", () => {
  let lab: FirewallLab
  beforeEach(async () => {
    lab = await FirewallLab.enforcing(PLAN, Object.values(LISTED))
    const { client1, internet } = lab.topology
    lab.closing(new TcpServer(internet, 443))
    lab.closing(new TcpServer(client1, 22))
    for (const address of Object.values(LISTED)) lab.closing(new UdpServer(internet, address, 443))
  })
  afterEach(() => lab.dispose())

  const nft = (text: string): void => {
    const file = join(lab.folder, 'foreign.nft')
    writeFileSync(file, text)
    lab.topology.gateway.run('nft', '-f', file)
  }
  const losePackage = () => lab.topology.gateway.run('nft', 'delete table inet clawgress')
  const reached = async (family: 4 | 6) => ({
    tcp: await tcpTry(lab.topology.client1, LISTED[family], 443, SHORT_MS),
    udp: await udpTry(lab.topology.client1, LISTED[family], 443, SHORT_MS),
    fromOutside: await tcpTry(lab.topology.internet, CLIENT[family], 22, SHORT_MS),
  })
  const CLOSED = { tcp: 'ETIMEDOUT', udp: 'ETIMEDOUT', fromOutside: 'ETIMEDOUT' }

  for (const family of [4, 6] as const) {
    it(`let through what Clawgress allows, and nothing to agents from outside (IPv${family})`, async () => {
      nft(RULES)
      assert.deepEqual(await reached(family), { tcp: 'open', udp: 'answered', fromOutside: 'ETIMEDOUT' })
    })

    it(`let nothing through without Clawgress, which would be open without them (IPv${family})`, async () => {
      losePackage()
      assert.deepEqual(await reached(family), { tcp: 'open', udp: 'answered', fromOutside: 'open' })
      nft(RULES)
      assert.deepEqual(await reached(family), CLOSED)
    })

    it(`let nothing through without Clawgress and without connection tracking (IPv${family})`, async () => {
      nft(RULES)
      losePackage()
      nft(UNTRACKED)
      assert.deepEqual(await reached(family), CLOSED)
    })

    it(`are not got around by a state policy that accepts what is established (IPv${family})`, async () => {
      nft(RULES.replaceAll('policy accept;\n', 'policy accept;\n\t\tct state established counter accept\n'))
      assert.deepEqual(await reached(family), { tcp: 'open', udp: 'answered', fromOutside: 'ETIMEDOUT' })
      losePackage()
      assert.deepEqual(await reached(family), CLOSED)
    })

    it(`leave connections open that Clawgress admitted while it was there, until they are forgotten (IPv${family})`, async () => {
      nft(RULES)
      const client = await tcpConnect(lab.topology.client1, LISTED[family], 443)
      assert.ok(typeof client !== 'string', `not connected: ${String(client)}`)
      lab.atEnd(() => client.destroy())
      losePackage()
      client.write('still there')
      const [answer] = await once(client, 'data', { signal: AbortSignal.timeout(2000) })
      assert.equal(String(answer), 'still there')
      lab.topology.gateway.run('conntrack', '-F')
      client.write('and now?')
      await assert.rejects(once(client, 'data', { signal: AbortSignal.timeout(SHORT_MS) }))
    })
  }

  it('would let untracked packets through if they were the rule about the mark alone', async () => {
    nft(RULES.replace(/^.*FWD-filter-(?:11|12|20|21)".*\n/gm, ''))
    losePackage()
    assert.deepEqual(await reached(4), CLOSED)
    nft(UNTRACKED)
    assert.equal((await reached(4)).udp, 'answered')
  })
})
