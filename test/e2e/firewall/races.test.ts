import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { pinSetName, readCounters } from '../../../src/firewall/index.ts'
import { FirewallLab } from '../support/firewall.ts'
import { firewallPlan, WEB } from '../support/firewall-plan.ts'
import { until } from '../support/lab.ts'
import { TcpServer, tcpTry, UdpServer, UdpSocket } from '../support/sockets.ts'

const PLAN = firewallPlan()
const GROUP = PLAN.groups[0]!
const PINNED = { 4: '45.45.1.1', 6: '2a45:1::1' } as const
const FAMILIES = [4, 6] as const

describe('the firewall under change', () => {
  let lab: FirewallLab
  beforeEach(async () => {
    lab = await FirewallLab.enforcing(PLAN, Object.values(PINNED))
  })
  afterEach(() => lab.dispose())

  it('never refuses a pinned address while its pin is refreshed', async () => {
    const names = FAMILIES.map((family) => `${pinSetName(GROUP, WEB, family)} ${PINNED[family]}`)
    const program = new URL('../support/refresh-pins.ts', import.meta.url).pathname
    const refreshing = spawn('ip', [
      'netns',
      'exec',
      lab.topology.gateway.name,
      process.execPath,
      '--import',
      'tsx',
      program,
      ...names,
    ])
    lab.atEnd(() => refreshing.kill('SIGKILL'))
    await once(refreshing.stdout!, 'data')
    const servers = FAMILIES.map((family) => lab.closing(new UdpServer(lab.topology.internet, PINNED[family], 443)))
    const tries = 3000
    for (const [index, family] of FAMILIES.entries()) {
      for (let i = 0; i < tries; i++) {
        // A socket of its own each time: a new flow, judged by the pin.
        const socket = new UdpSocket(lab.topology.client1, PINNED[family]).connect(PINNED[family], 443)
        socket.send('question')
        socket.close()
        // The server lives on this thread, too.
        if (i % 200 === 199) await until('the server keeps up', 2000, () => servers[index]!.received > i)
      }
      await until('every question is there', 2000, () => servers[index]!.received >= tries)
      assert.equal(servers[index]!.received, tries)
    }
    assert.equal(refreshing.exitCode, null)
    assert.deepEqual(lab.gateway(readCounters).denied.default?.['net.not-pinned'], { packets: 0, bytes: 0 })
  })

  it('never refuses a first connection while rulesets are replaced', async () => {
    lab.closing(new TcpServer(lab.topology.internet, 443))
    let busy = true
    const commits = (async () => {
      for (let i = 0; i < 15; i++) await lab.commit(PLAN)
      busy = false
    })()
    let connections = 0
    while (busy) {
      for (const family of FAMILIES) {
        assert.equal(await tcpTry(lab.topology.client1, PINNED[family], 443), 'open')
        connections++
      }
    }
    await commits
    assert.ok(connections > 50, String(connections))
  })
})
