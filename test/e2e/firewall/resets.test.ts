import assert from 'node:assert/strict'
import { parseAddress } from '../../../src/base/address.ts'
import { synSegment } from '../../../src/firewall/flows/syn-segment.ts'
import { dumpFlows, markField } from '../../../src/firewall/index.ts'
import { FirewallLab } from '../support/firewall.ts'
import { firewallPlan, WEB } from '../support/firewall-plan.ts'
import { sendRaw, sendSequence, TcpServer, tcpConnect } from '../support/sockets.ts'

const PLAN = firewallPlan()
const GROUP = PLAN.groups[0]!
const LISTED = { 4: '45.45.1.1', 6: '2a45:1::1' } as const
const field = markField(PLAN.settings.markMask)
const NO_OPERATIONS = 0x01

/** A reset made of a SYN; its checksum is wrong. */
function resetOf(syn: Buffer, family: 4 | 6, options: number, payload: number): Buffer {
  const header = family === 4 ? 20 : 40
  const packet = Buffer.concat([syn, Buffer.alloc(options, NO_OPERATIONS), Buffer.alloc(payload, 0x42)])
  packet[header + 12] = ((20 + options) / 4) << 4
  packet[header + 13] = 0x04
  if (family === 4) packet.writeUInt16BE(packet.length, 2)
  else packet.writeUInt16BE(packet.length - header, 4)
  if (family === 4) packet.writeUInt16BE(0, 10)
  return packet
}

describe('resets of a revoked flow', () => {
  let lab: FirewallLab
  let server: TcpServer
  beforeEach(async () => {
    lab = new FirewallLab()
    server = new TcpServer(lab.topology.internet, 443)
    await lab.commit(PLAN)
    lab.pin(GROUP, WEB, Object.values(LISTED))
    // The forged resets have a wrong one.
    lab.topology.gateway.sysctl('net.netfilter.nf_conntrack_checksum', 0)
    lab.topology.internet.run(
      'nft',
      'table inet seen { counter rst { }\n chain c { type filter hook prerouting priority raw; tcp flags & rst != 0 counter name rst\n }\n}',
    )
  })
  afterEach(() => {
    server.close()
    lab.dispose()
  })

  const arrived = () =>
    Number(/packets (\d+)/.exec(lab.topology.internet.run('nft', 'list', 'counter', 'inet', 'seen', 'rst'))![1])

  for (const family of [4, 6] as const) {
    for (const [what, options] of [
      ['without options', 0],
      ['with timestamps', 12],
    ] as const) {
      it(`pass once, and carry nothing: ${what} over IPv${family}`, async () => {
        const socket = await tcpConnect(lab.topology.client1, LISTED[family], 443)
        if (typeof socket === 'string') throw new Error(socket)
        lab.unpin(GROUP, WEB, [LISTED[family]])
        await lab.commit(PLAN)
        const [flow] = lab.gateway(() => dumpFlows({ destination: parseAddress(LISTED[family])! }))
        const { source, destination, sourcePort, destinationPort } = flow!.original
        const syn = synSegment(
          { address: source, port: sourcePort },
          { address: destination, port: destinationPort },
          sendSequence(socket),
        )
        const before = lab.denied('default', 'net.revoked')
        let sent = 0
        const send = async (itsOptions: number, payload: number) => {
          sendRaw(lab.topology.client1, resetOf(syn, family, itsOptions, payload), LISTED[family])
          sent++
          for (const end = Date.now() + 1000; lab.denied('default', 'net.revoked') < before + sent; ) {
            assert.ok(Date.now() < end, 'a reset was not judged')
          }
        }
        for (const payload of [600, 20, 12, 1]) await send(options, payload)
        await send(40, 0)
        assert.equal(arrived(), 0, 'none with room for data')
        for (let i = 0; i < 20; i++) await send(options, 0)
        assert.equal(arrived(), 1, 'the first empty one')
        for (const keepEstablished of [false, true]) {
          await lab.commit(firewallPlan({ settings: { keepEstablished } }))
          await send(options, 0)
          assert.equal(arrived(), 1, 'and none after another commit')
        }
        const marks = lab.gateway(() => dumpFlows({ destination: parseAddress(LISTED[family])! }))
        assert.deepEqual(
          marks.map(({ mark }) => field.number(mark)),
          [field.dead],
        )
        socket.destroy()
      })
    }
  }
})
