import assert from 'node:assert/strict'
import { once } from 'node:events'
import type net from 'node:net'
import { parseAddress } from '../../../src/base/address.ts'
import {
  dumpFlows,
  type Flow,
  heldDestinations,
  heldSetName,
  lostFlows,
  markField,
  nextMark,
  printClosedRuleset,
  probeFlows,
  setFlowMarks,
} from '../../../src/firewall/index.ts'
import type { Plan } from '../../../src/plan/types.ts'
import { FirewallLab } from '../support/firewall.ts'
import { firewallPlan, prefixes, SSH, WEB } from '../support/firewall-plan.ts'
import { TcpServer, tcpConnect, tcpTry, UdpServer, UdpSocket } from '../support/sockets.ts'

const PLAN = firewallPlan()
const GROUP = PLAN.groups[0]!
const KEPT = { 4: '45.45.1.1', 6: '2a45:1::1' } as const
const LOST = { 4: '45.45.2.2', 6: '2a45:2::2' } as const
const FAMILIES = [4, 6] as const
const field = markField(PLAN.settings.markMask)

describe('flows that are open at a commit', () => {
  let lab: FirewallLab
  let server: TcpServer
  let inbound: TcpServer
  const open: net.Socket[] = []
  beforeEach(async () => {
    lab = new FirewallLab()
    server = new TcpServer(lab.topology.internet, 443)
    inbound = new TcpServer(lab.topology.client1, 22)
    await lab.commit(PLAN)
    lab.pin(GROUP, WEB, [...Object.values(KEPT), ...Object.values(LOST)])
  })
  afterEach(() => {
    for (const socket of open.splice(0)) socket.destroy()
    server.close()
    inbound.close()
    lab.dispose()
  })

  async function connect(address: string, port = 443): Promise<net.Socket> {
    const socket = await tcpConnect(lab.topology.client1, address, port)
    if (typeof socket === 'string') throw new Error(`${address}: ${socket}`)
    open.push(socket)
    return socket
  }

  /** Resolves to the milliseconds until the end of a connection is reset. */
  async function reset(socket: net.Socket, within = 500): Promise<number> {
    const began = performance.now()
    await new Promise<void>((resolve, reject) => {
      if (socket.closed) return resolve()
      const timer = setTimeout(() => reject(new Error(`not reset within ${within} ms`)), within)
      socket.once('close', () => {
        clearTimeout(timer)
        resolve()
      })
    })
    const error = socket.errored as NodeJS.ErrnoException | null
    assert.equal(error?.code, 'ECONNRESET')
    return performance.now() - began
  }

  async function alive(socket: net.Socket): Promise<void> {
    socket.write('still there?')
    const [data] = await once(socket, 'data', { signal: AbortSignal.timeout(1000) })
    assert.equal(String(data), 'still there?')
  }

  const flows = () => lab.gateway(() => dumpFlows())
  const isHeld = (...addresses: string[]) => {
    const known = new Set(addresses.map((text) => parseAddress(text)!.join()))
    return (target: { address: Uint8Array }) => known.has(target.address.join())
  }

  /** A commit that takes `LOST` away, as the pinner and the handler do it; returns the lost flows. */
  async function revoke(plan: Plan = PLAN): Promise<Flow[]> {
    lab.unpin(GROUP, WEB, Object.values(LOST))
    await lab.commit(plan)
    const lost = lostFlows(plan, lab.mark, flows(), isHeld(...Object.values(KEPT)))
    lab.gateway(() => probeFlows(lost))
    return lost
  }

  async function checkRevocation(): Promise<void> {
    const cut: net.Socket[] = []
    const kept: net.Socket[] = []
    let timer: NodeJS.Timeout | undefined
    for (const family of FAMILIES) {
      const active = await connect(LOST[family])
      const pushed = await connect(LOST[family])
      const idle = await connect(LOST[family])
      const peers = await Promise.all([active, pushed, idle].map((socket) => server.peerOf(socket)))
      const speak = () => {
        active.write('x')
        peers[1]!.write('y')
      }
      speak()
      timer = setInterval(speak, 20)
      cut.push(active, pushed, idle, ...peers)
      kept.push(await connect(KEPT[family]))
    }
    await Promise.all(kept.map(alive))
    const lost = await revoke()
    assert.equal(lost.length, 6)
    await Promise.all(cut.map((socket) => reset(socket)))
    clearInterval(timer)
    await Promise.all(kept.map(alive))
  }

  it(
    'are reset on both ends within half a second when they lose their address, active, pushed or idle',
    checkRevocation,
  )

  it('are reset on both ends also behind masquerading, beside tables as VyOS has them', async () => {
    lab.topology.gateway.run(
      'nft',
      `table ip vyos_nat { chain POSTROUTING { type nat hook postrouting priority srcnat; oifname u0 masquerade
        }\n}
      table ip6 vyos_nat { chain POSTROUTING { type nat hook postrouting priority srcnat; oifname u0 masquerade
        }\n}
      table inet vyos_filter { chain forward { type filter hook forward priority filter; policy accept;
        ct mark set ct mark & 0xffffff00 | 0x2a
        ct state established,related accept
        ct state invalid drop
        }\n}`,
    )
    await checkRevocation()
    const marks = flows()
      .filter((flow) => flow.protocol === 6 && field.number(flow.mark) === lab.mark)
      .map((flow) => flow.mark & 0xfffff)
    assert.deepEqual(new Set(marks), new Set([0x2a]), 'bits outside the field belong to others')
  })

  it('are counted as net.revoked', async () => {
    const socket = await connect(LOST[4])
    await revoke()
    await reset(socket)
    assert.ok(lab.denied('default', 'net.revoked') > 0)
  })

  it('survive commits that do not concern them, also long after their pin has expired', async () => {
    const sockets = await Promise.all(FAMILIES.map((family) => connect(KEPT[family])))
    lab.pin(GROUP, WEB, Object.values(KEPT), 100, 600_000)
    await Promise.all(
      FAMILIES.map(async (family) => {
        while ((await tcpTry(lab.topology.client1, KEPT[family], 443)) === 'open');
      }),
    )
    for (let i = 0; i < 5; i++) {
      await lab.commit(PLAN)
      assert.deepEqual(lostFlows(PLAN, lab.mark, flows(), isHeld(...Object.values(KEPT), ...Object.values(LOST))), [])
      await Promise.all(sockets.map(alive))
    }
  })

  it('are cut when neither pin nor held address justifies them any more', async () => {
    const socket = await connect(KEPT[4])
    lab.unpin(GROUP, WEB, [KEPT[4]])
    await alive(socket)
    await lab.commit(PLAN)
    socket.write('x')
    await reset(socket)
  })

  it('are cut when the new policy denies their address, takes their port or stops serving their client', async () => {
    for (const plan of [
      firewallPlan({ defaultGroup: { denyPrefixes: prefixes(`${KEPT[4]}/32`) } }),
      firewallPlan({ defaultGroup: { classIds: [SSH.id] } }),
      firewallPlan({ settings: { clientNetworks: prefixes('10.77.2.0/24') } }),
    ]) {
      lab.pin(GROUP, WEB, [KEPT[4]])
      const socket = await connect(KEPT[4])
      const peer = await server.peerOf(socket)
      await lab.commit(plan)
      const lost = lostFlows(plan, lab.mark, flows(), isHeld(KEPT[4])).filter(
        (flow) => flow.original.sourcePort === socket.localPort,
      )
      assert.equal(lost.length, 1)
      lab.gateway(() => probeFlows(lost))
      await Promise.all([reset(socket), reset(peer)])
      await lab.commit(PLAN)
    }
  })

  it('live on under keep-established, and new ones do not', async () => {
    const plan = firewallPlan({ settings: { keepEstablished: true } })
    const socket = await connect(LOST[4])
    lab.unpin(GROUP, WEB, [LOST[4]])
    await lab.commit(plan)
    await alive(socket)
    assert.equal(await tcpTry(lab.topology.client1, LOST[4], 443), 'ECONNREFUSED')
  })

  it('are told by ICMP over UDP', async () => {
    const answers = new UdpServer(lab.topology.internet, LOST[4], 443)
    const socket = new UdpSocket(lab.topology.client1, LOST[4]).connect(LOST[4], 443)
    try {
      socket.send('question')
      assert.equal(await socket.receive(), 'answer')
      await revoke()
      socket.send('question')
      assert.equal(await socket.receive(), 'EHOSTUNREACH')
    } finally {
      socket.close()
      answers.close()
    }
  })

  it('begun from outside pass, live through commits and the closed ruleset, and are never cut', async () => {
    for (const address of ['10.77.1.2', 'fd77:1::2']) {
      const socket = await tcpConnect(lab.topology.internet, address, 22)
      if (typeof socket === 'string') throw new Error(socket)
      open.push(socket)
      await alive(socket)
      await lab.commit(firewallPlan({ defaultGroup: { classIds: [] } }))
      await alive(socket)
      assert.ok(flows().some((flow) => field.number(flow.mark) === field.inbound))
      await lab.load(printClosedRuleset(PLAN.settings))
      await alive(socket)
      await lab.commit(PLAN)
      await alive(socket)
    }
  })

  it('of clients stop under the closed ruleset, DNS and new connections too', async () => {
    const socket = await connect(KEPT[4])
    await lab.load(printClosedRuleset(PLAN.settings))
    socket.write('x')
    await reset(socket)
    assert.equal(await tcpTry(lab.topology.client1, KEPT[4], 443), 'ECONNREFUSED')
    assert.equal(await tcpTry(lab.topology.client1, '10.77.1.1', 53), 'ECONNREFUSED')
    assert.equal(await tcpTry(lab.topology.client1, 'fd77:1::1', 53), 'ECONNREFUSED')
    assert.ok(lab.denied('any', 'policy.closed') >= 4)
    lab.topology.client1.run('ping', '-c1', '-W1', '10.77.1.1')
  })

  it('yield the held addresses that keep them, once each', async () => {
    await connect(KEPT[4])
    await connect(KEPT[4])
    await connect(KEPT[6])
    const found = heldDestinations(PLAN, lab.mark, flows())
    assert.deepEqual(
      found.map(({ set }) => set).sort(),
      FAMILIES.map((family) => heldSetName(GROUP, WEB, family)),
    )
  })

  it('are found by destination, by client and by mark, in the kernel', async () => {
    await connect(KEPT[4])
    await connect(KEPT[6])
    await connect(LOST[4])
    const count = (filter: Parameters<typeof dumpFlows>[0]) =>
      lab.gateway(() => dumpFlows(filter)).filter((flow) => flow.protocol === 6).length
    assert.equal(count({ destination: parseAddress(KEPT[4])! }), 1)
    assert.equal(count({ destination: parseAddress(KEPT[6])! }), 1)
    assert.equal(count({ client: parseAddress('10.77.1.2')! }), 2)
    assert.equal(count({ client: parseAddress('10.77.9.9')! }), 0)
    assert.equal(count({ mark: { value: field.bits(lab.mark), mask: field.mask } }), 3)
    assert.equal(count({ mark: { value: field.bits(lab.mark + 1), mask: field.mask } }), 0)
    assert.equal(count({ client: parseAddress('10.77.1.2')!, destination: parseAddress(LOST[4])! }), 1)
  })

  it('never carry the number of a new generation, also when numbers wrap', async () => {
    const small = firewallPlan({ settings: { markMask: 0x00000700 } })
    const smallField = markField(0x700)
    const sockets: net.Socket[] = []
    await lab.commit(small)
    for (let i = 0; i < 15; i++) {
      const socket = await connect(KEPT[4])
      sockets.push(socket)
      const carried = new Set(flows().map((flow) => smallField.number(flow.mark)))
      const next = lab.gateway(() => nextMark(0x700, lab.mark))
      assert.ok(next >= 1 && next <= smallField.lastGeneration && next !== lab.mark)
      if (carried.size < smallField.lastGeneration) assert.ok(!carried.has(next))
      await lab.commit(small)
      assert.ok(!flows().some((flow) => smallField.number(flow.mark) === lab.mark))
    }
    await Promise.all(sockets.map(alive))
  })

  it('can be given another mark without touching foreign bits', async () => {
    await connect(KEPT[4])
    const [flow] = flows().filter((each) => field.number(each.mark) === lab.mark)
    lab.gateway(() => setFlowMarks([{ ...flow!, mark: flow!.mark | 0x2a }], field.bits(77), field.mask))
    const [changed] = flows().filter((each) => each.id === flow!.id)
    assert.equal(changed!.mark >>> 0, (field.bits(77) | 0x2a) >>> 0)
  })
})
