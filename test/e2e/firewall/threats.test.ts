import assert from 'node:assert/strict'
import { runIn } from '../../../src/standalone/lab/namespace.ts'
import { CONTENT, FALSE_RESOLVERS, SEED, useLab } from '../support/lab.ts'
import { insideNamespace } from '../support/netns.ts'
import { datagram, fragment, looseRoute, packet, withOptions } from '../support/odd-packets.ts'
import { sendRaw } from '../support/sockets.ts'

const [RESOLVER4, , RESOLVER6] = FALSE_RESOLVERS
const FROM4 = '10.77.1.10'
const FROM6 = 'fd77:1::10'
const GATEWAY4 = '10.77.1.1'
const UDP = 17

interface Trick {
  readonly what: string
  /** Where it would arrive. */
  readonly to: string
  /** Whole IP packets, each with where the kernel is told to send it. */
  readonly packets: readonly (readonly [Buffer, string])[]
  /** What the lab's own routers pass on without any policy; a source route they do not. */
  readonly arrives: boolean
}

const question4 = datagram(FROM4, RESOLVER4)
const question6 = datagram(FROM6, RESOLVER6)
const to6 = (next: number, payload: Buffer): [Buffer, string] => [packet(FROM6, RESOLVER6, next, payload), RESOLVER6]
const payload = Buffer.alloc(32, 0x42)

const TRICKS: readonly Trick[] = [
  {
    what: 'a question to another resolver in IPv4 fragments',
    to: RESOLVER4,
    packets: [
      [packet(FROM4, RESOLVER4, UDP, question4.subarray(0, 16), { more: true }), RESOLVER4],
      [packet(FROM4, RESOLVER4, UDP, question4.subarray(16), { offset: 16 }), RESOLVER4],
    ],
    arrives: true,
  },
  {
    what: 'a question to another resolver in IPv6 fragments',
    to: RESOLVER6,
    packets: [
      to6(44, fragment(UDP, question6.subarray(0, 16), 0, true)),
      to6(44, fragment(UDP, question6.subarray(16), 16, false)),
    ],
    arrives: true,
  },
  {
    what: 'a question to another resolver behind an IPv6 fragment header of its own',
    to: RESOLVER6,
    packets: [to6(44, fragment(UDP, question6, 0, false))],
    arrives: true,
  },
  {
    what: 'a question to another resolver behind IPv6 destination options',
    to: RESOLVER6,
    packets: [to6(60, withOptions(UDP, question6))],
    arrives: true,
  },
  {
    what: 'a question to another resolver behind IPv6 hop-by-hop and destination options',
    to: RESOLVER6,
    packets: [to6(0, withOptions(60, withOptions(UDP, question6)))],
    arrives: true,
  },
  ...[4, 41, 47, 50, 132].flatMap((protocol): Trick[] => [
    {
      what: `IP protocol ${protocol} over IPv4 to the address of a listed name`,
      to: CONTENT.openai.v4,
      packets: [[packet(FROM4, CONTENT.openai.v4, protocol, payload), CONTENT.openai.v4]],
      arrives: true,
    },
    {
      what: `IP protocol ${protocol} over IPv6 to the address of a listed name`,
      to: CONTENT.openai.v6,
      packets: [[packet(FROM6, CONTENT.openai.v6, protocol, payload), CONTENT.openai.v6]],
      arrives: true,
    },
  ]),
  {
    what: 'a datagram with a source route through the gateway',
    to: CONTENT.raw.v4,
    packets: [
      [
        packet(FROM4, GATEWAY4, UDP, datagram(FROM4, CONTENT.raw.v4), { options: looseRoute(CONTENT.raw.v4) }),
        GATEWAY4,
      ],
    ],
    arrives: false,
  },
]

describe('packets that an agent makes itself', () => {
  const lab = useLab()

  before(async () => {
    const addresses = new Set([...TRICKS.map(({ to }) => to), CONTENT.raw.v4, CONTENT.openai.v6])
    const lines = [...addresses].map((to) => `${to.includes(':') ? 'ip6' : 'ip'} daddr ${to} counter comment "${to}"`)
    const table = `table inet threats {
      chain each {
        ${lines.join('\n')}
      }
      chain seen {
        type filter hook prerouting priority -450;
        iifname eth0 jump each
      }
    }`
    await runIn(lab().internet.namespace, ['nft', '-f', '-'], { input: table })
  })

  /** Packets of any kind that came in for the address, whole or in pieces. */
  async function arrived(address: string): Promise<number> {
    const { stdout } = await runIn(lab().internet.namespace, ['nft', 'list', 'table', 'inet', 'threats'])
    const line = stdout.split('\n').find((text) => text.includes(`comment "${address}"`))
    return Number(/packets (\d+)/.exec(line ?? '')?.[1])
  }

  /** Packets that came of the trick, once an ordinary one that was sent after it has passed. */
  async function outcome({ packets, to }: Trick): Promise<number> {
    const before = await arrived(to)
    const agent = { inside: <T>(work: () => T) => insideNamespace(lab().agent(1).namespace, work) }
    for (const [bytes, target] of packets) sendRaw(agent, bytes, target)
    assert.equal((await lab().agent(1).connect(CONTENT.listed.v4, 443)).event, 'held')
    return (await arrived(to)) - before
  }

  it('arrive where no policy is in force, so that the tests below can fail', async () => {
    const lost: string[] = []
    for (const trick of TRICKS) if (trick.arrives && (await outcome(trick)) === 0) lost.push(trick.what)
    assert.deepEqual(lost, [])
  })

  describe('under a policy', () => {
    before(async () => {
      await lab().gateway.activate(SEED)
      for (const type of ['A', 'AAAA']) await lab().agent(1).resolve('api.openai.com', { type })
    })

    for (const trick of TRICKS) {
      it(`do not get out: ${trick.what}`, async () => assert.equal(await outcome(trick), 0))
    }

    for (const [family, address] of [
      ['IPv4', CONTENT.openai.v4],
      ['IPv6', CONTENT.openai.v6],
    ] as const) {
      it(`do not get out: an ${family} ping that carries data to the address of a listed name`, async () => {
        const before = await arrived(address)
        const ping = ['ping', '-n', '-c', '2', '-i', '0.2', '-W', '1', '-p', '63616c6c686f6d65', '-s', '1200', address]
        assert.notEqual((await lab().agent(1).exec(ping, { mayFail: true })).exitCode, 0)
        assert.equal((await arrived(address)) - before, 0)
      })
    }
  })
})
