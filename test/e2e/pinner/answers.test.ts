import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { formatAddress, parseAddress } from '../../../src/base/address.ts'
import { runtimePaths } from '../../../src/base/layout.ts'
import { type Message, RCODE, type RData, SVC_PARAM, TYPE } from '../../../src/dns/message/index.ts'
import type { Plan } from '../../../src/plan/types.ts'
import { address, alias, dname, NameServerDouble, other, soa, text } from '../support/pinner/name-server.ts'
import { NAME_SERVER, PinnerRig, until } from '../support/pinner/rig.ts'

const POLICY = {
  version: 1,
  allow: {
    domains: ['www.allowed.test', 'flat.test', '*.wild.test', 'rebind.test', 'both.test', 'https.test', 'bogus.test'],
    ips: ['192.168.77.0/24'],
    ports: [443],
  },
  deny: { domains: ['*.ads.test', 'denied-cdn.test'], ips: ['45.45.66.0/24'] },
}

/** Anything the scripted name-server says about this name is unsigned, and so bogus. */
const ANCHORS = `trust-anchors { bogus.test. static-key 257 3 13 "${Buffer.alloc(64, 7).toString('base64')}"; };`

const answersOf = (message: Message | undefined) =>
  message?.answers.map(
    ({ name, ttl, data }) => `${name} ${ttl} ${data.kind === 'address' ? formatAddress(data.address) : data.kind}`,
  )

describe('The pinner behind named', function () {
  this.timeout(120_000)
  let rig: PinnerRig
  let plan: Plan
  let upstream: NameServerDouble

  before(async () => {
    rig = PinnerRig.open()
    upstream = await NameServerDouble.start(NAME_SERVER.address, NAME_SERVER.port)
    plan = rig.plan(POLICY)
    await rig.start(plan, ANCHORS)
  })

  after(async () => {
    upstream?.stop()
    await rig?.close()
  })

  /** Reads the pinner's record of a refusal of the name. */
  const denial = async (name: string) =>
    await until(() => {
      const lines = readFileSync(runtimePaths(rig.layout).pinnerDenials, 'utf8').trim().split('\n')
      return lines.map((line) => JSON.parse(line) as Record<string, unknown>).findLast((record) => record.name === name)
    }, `a record about ${name}`)

  describe('pins', () => {
    it('the addresses of both families before they are told', async () => {
      upstream.addresses('www.allowed.test', ['45.45.0.1', '2a45::1'])
      assert.deepEqual(answersOf(await rig.ask('www.allowed.test')), ['www.allowed.test 300 45.45.0.1'])
      assert.equal(rig.isPinned(plan, '45.45.0.1'), true)
      assert.equal(rig.isPinned(plan, '45.45.0.1', 'held'), true)
      assert.equal(rig.isPinned(plan, '2a45::1'), false)
      assert.deepEqual(answersOf(await rig.ask('www.allowed.test', TYPE.AAAA)), ['www.allowed.test 300 2a45::1'])
      assert.equal(rig.isPinned(plan, '2a45::1'), true)
      assert.equal(rig.isPinned(plan, '45.45.0.2'), false)
    })

    it('a name that is asked in another case, and answers in that case', async () => {
      upstream.addresses('a.wild.test', ['45.45.0.3'])
      assert.deepEqual(answersOf(await rig.askPinner('A.wIlD.tEsT')), ['A.wIlD.tEsT 300 45.45.0.3'])
    })

    it('for the TTL and the slack, TTLs above the ceiling cut to it', async () => {
      upstream.addresses('ttl.wild.test', ['45.45.0.4'], 100_000)
      assert.deepEqual(answersOf(await rig.askPinner('ttl.wild.test')), ['ttl.wild.test 3600 45.45.0.4'])
      const { pins } = await rig.pinner.pins({ name: 'ttl.wild.test' })
      const { pinnedMs } = pins[0]!.addresses[0]!
      assert.ok(pinnedMs > 3_625_000 && pinnedMs <= 3_630_000, String(pinnedMs))
    })

    it('an answer of TTL 0, which named asks for anew each time', async () => {
      upstream.addresses('zero.wild.test', ['45.45.0.5'], 0)
      for (let i = 0; i < 2; i++)
        assert.deepEqual(answersOf(await rig.ask('zero.wild.test')), ['zero.wild.test 0 45.45.0.5'])
      assert.equal(upstream.count('zero.wild.test'), 2)
      assert.equal(rig.isPinned(plan, '45.45.0.5'), true)
    })

    it('an address never for less long than another name told it', async () => {
      upstream.addresses('long.wild.test', ['45.45.0.6'], 3000)
      upstream.addresses('short.wild.test', ['45.45.0.6'], 1)
      await rig.ask('long.wild.test')
      await rig.ask('short.wild.test')
      const left = rig.expiry(plan, '45.45.0.6')
      assert.ok(left > 3_000, `${left} s left`)
    })

    it('a hundred addresses, over TCP where UDP does not hold them', async () => {
      const addresses = Array.from({ length: 100 }, (_, i) => `45.45.1.${i + 1}`)
      const long = `${'x'.repeat(40)}.wild.test`
      upstream.addresses(long, addresses)
      assert.equal((await rig.ask(long))?.truncated, true)
      assert.equal((await rig.askPinner(long))?.answers.length, 100)
      assert.ok(addresses.every((each) => rig.isPinned(plan, each)))
      // named itself refuses more than 100 records of a type (max-records-per-type).
      upstream.addresses(
        'huge.wild.test',
        Array.from({ length: 60 }, (_, i) => `2a45::${(i + 1).toString(16)}`),
      )
      const huge = await rig.askPinner('huge.wild.test', TYPE.AAAA, {
        edns: { udpSize: 512, version: 0, dnssecOk: false, options: [] },
      })
      assert.equal(huge?.truncated, true)
      assert.equal(huge?.answers.length, 0)
    })
  })

  describe('flattens', () => {
    it('a chain to the asked name with the least TTL of it', async () => {
      upstream.chain(TYPE.A, [
        alias('flat.test', 'one.cdn.test', 200),
        alias('one.cdn.test', 'two.cdn.test', 20),
        address('two.cdn.test', '45.45.2.1', 90),
      ])
      assert.deepEqual(answersOf(await rig.ask('flat.test')), ['flat.test 20 45.45.2.1'])
      assert.equal(rig.isPinned(plan, '45.45.2.1'), true)
      assert.equal((await rig.ask('two.cdn.test'))?.rcode, RCODE.NXDOMAIN)
    })

    it('a DNAME, with and without the alias made from it', async () => {
      upstream.chain(TYPE.A, [
        dname('dn.wild.test', 'cdn.test', 7),
        alias('a.dn.wild.test', 'a.cdn.test', 50),
        address('a.cdn.test', '45.45.2.2', 60),
      ])
      upstream.script('a.dn.wild.test', TYPE.A, {
        answers: [
          dname('dn.wild.test', 'cdn.test', 7),
          alias('a.dn.wild.test', 'a.cdn.test', 50),
          address('a.cdn.test', '45.45.2.2', 60),
        ],
      })
      assert.deepEqual(answersOf(await rig.ask('a.dn.wild.test')), ['a.dn.wild.test 7 45.45.2.2'])
    })

    it('nothing of a long text, which goes over TCP all the way', async () => {
      const strings = Array.from({ length: 24 }, (_, i) => Buffer.alloc(250, 97 + i))
      upstream.script('text.wild.test', TYPE.TXT, {
        answers: [other('text.wild.test', TYPE.TXT, 300, { kind: 'txt', strings })],
      })
      const words = ['@127.0.0.1', '-p', '5053', '-b', '127.9.0.1', '+tcp', '+short', 'text.wild.test', 'TXT']
      const { stdout } = await promisify(execFile)('dig', words)
      assert.equal(stdout.match(/[a-z]{250}/g)?.length, 24)
    })

    it('an empty end of a chain to an empty answer that named can keep', async () => {
      upstream.chain(TYPE.A, [alias('empty.wild.test', 'gone.cdn.test')], [soa('cdn.test', 33)])
      upstream.script('gone.cdn.test', TYPE.A, { authorities: [soa('cdn.test', 33)] })
      const answer = await rig.askPinner('empty.wild.test')
      assert.equal(answer?.rcode, RCODE.NOERROR)
      assert.deepEqual(answer?.answers, [])
      assert.deepEqual(
        answer?.authorities.map(({ name, type, ttl }) => [name, type, ttl]),
        [['empty.wild.test', TYPE.SOA, 33]],
      )
      for (let i = 0; i < 3; i++) assert.equal((await rig.ask('empty.wild.test'))?.rcode, RCODE.NOERROR)
      assert.equal(upstream.count('empty.wild.test'), 1)
    })

    it('a name that does not exist to one that does not exist', async () => {
      upstream.script('nx.wild.test', TYPE.A, { rcode: RCODE.NXDOMAIN, authorities: [soa('wild.test', 44)] })
      const answer = await rig.ask('nx.wild.test')
      assert.equal(answer?.rcode, RCODE.NXDOMAIN)
      assert.deepEqual(
        answer?.authorities.map(({ name, ttl }) => [name, ttl]),
        [['wild.test', 44]],
      )
    })

    it('nothing that is foreign: additional addresses and records of other names go', async () => {
      upstream.script('foreign.wild.test', TYPE.A, {
        answers: [address('foreign.wild.test', '45.45.2.3'), address('victim.test', '45.45.2.4')],
        additionals: [address('ns.wild.test', '45.45.2.5')],
      })
      const answer = await rig.askPinner('foreign.wild.test')
      assert.deepEqual(answersOf(answer), ['foreign.wild.test 300 45.45.2.3'])
      assert.deepEqual([answer?.authorities, answer?.additionals], [[], []])
      assert.equal(rig.isPinned(plan, '45.45.2.4'), false)
    })

    it('a text record behind an alias, so that the alias does not stay in named', async () => {
      upstream.chain(TYPE.TXT, [alias('t.wild.test', 'cdn.test'), text('cdn.test', 'hello')])
      upstream.chain(TYPE.A, [alias('t.wild.test', 'cdn.test'), address('cdn.test', '45.45.2.6')])
      upstream.script('t.wild.test', TYPE.CNAME, { answers: [alias('t.wild.test', 'cdn.test')] })
      assert.deepEqual(answersOf(await rig.ask('t.wild.test', TYPE.TXT)), ['t.wild.test 300 txt'])
      assert.deepEqual(answersOf(await rig.ask('t.wild.test', TYPE.CNAME)), [])
      assert.deepEqual(answersOf(await rig.ask('t.wild.test')), ['t.wild.test 300 45.45.2.6'])
    })
  })

  describe('refuses', () => {
    it('a chain that leads over a denied name, and says which', async () => {
      for (const [i, target] of ['denied-cdn.test', 'x.y.ads.test'].entries()) {
        const name = `denied${i}.wild.test`
        upstream.chain(TYPE.A, [alias(name, target), alias(target, 'fine.test'), address('fine.test', `45.45.3.${i}`)])
        assert.equal((await rig.ask(name))?.rcode, RCODE.NXDOMAIN)
        assert.equal(rig.isPinned(plan, `45.45.3.${i}`), false)
        const record = await denial(name)
        assert.deepEqual(
          [record.reason, record.target, record.group, record.type],
          ['dns.denied', target, 'default', 'A'],
        )
      }
    })

    const closed = [
      '127.0.0.1',
      '10.1.2.3',
      '192.168.1.1',
      '169.254.169.254',
      '100.64.0.1',
      '224.0.0.1',
      '0.0.0.0',
      '10.77.1.2',
      '81.2.69.1',
      '::1',
      '::',
      'fe80::1',
      'fd77:1::2',
      'fc00::1',
      'ff02::1',
      '::ffff:10.0.0.1',
      '::ffff:169.254.169.254',
      '64:ff9b::7f00:1',
      '2002:a00:1::1',
      '2001:0:0:0:0:0:f5ff:fffe',
      '2a81:2:69::1',
    ] as const
    for (const [i, bad] of closed.entries()) {
      it(`the address ${bad} as the answer of an allowed name`, async () => {
        const name = `r${i}.wild.test`
        upstream.addresses(name, [bad])
        const answer = await rig.ask(name, bad.includes(':') ? TYPE.AAAA : TYPE.A)
        assert.deepEqual([answer?.rcode, answer?.answers.length], [RCODE.NOERROR, 0])
        assert.equal(rig.isPinned(plan, bad), false)
        const record = await denial(name)
        assert.deepEqual([record.reason, record.address], ['dns.rebind', formatAddress(parseAddress(bad)!)])
      })
    }

    it('only the bad ones of many addresses', async () => {
      upstream.addresses('both.test', ['10.0.0.1', '45.45.3.9', '127.0.0.1'])
      assert.deepEqual(answersOf(await rig.ask('both.test')), ['both.test 300 45.45.3.9'])
      assert.equal(rig.isPinned(plan, '10.0.0.1'), false)
    })

    it('an address that the deny list holds, and lets through a private one that is listed', async () => {
      upstream.addresses('denied-ip.wild.test', ['45.45.66.6'])
      assert.deepEqual(answersOf(await rig.ask('denied-ip.wild.test')), [])
      assert.equal((await denial('denied-ip.wild.test')).reason, 'net.denied')
      upstream.addresses('inside.wild.test', ['192.168.77.9'])
      assert.deepEqual(answersOf(await rig.ask('inside.wild.test')), ['inside.wild.test 300 192.168.77.9'])
    })

    it('an address that the router got after the commit', async () => {
      rig.topology.gateway.ip('address add 45.45.200.1/24 dev u0')
      // The addresses are read once a second.
      await until(async () => {
        const name = `own${upstream.asked.length}.wild.test`
        upstream.addresses(name, ['45.45.200.1', '45.45.200.7', '45.45.201.1'])
        const answer = answersOf(await rig.ask(name))
        assert.ok(answer?.includes(`${name} 300 45.45.201.1`))
        return answer?.length === 1 ? true : undefined
      }, 'the new network is closed')
      rig.topology.gateway.ip('address del 45.45.200.1/24 dev u0')
    })

    for (const [name, type] of [
      ['ANY', TYPE.ANY],
      ['NULL', TYPE.NULL],
      ['AXFR', TYPE.AXFR],
      ['TYPE65280', 65280],
    ] as const) {
      it(`queries of type ${name}`, async () => {
        const asked = upstream.asked.length
        assert.equal((await rig.askPinner('www.allowed.test', type))?.rcode, RCODE.REFUSED)
        const record = await until(async () => {
          const last = await denial('www.allowed.test')
          return last.type === name ? last : undefined
        }, 'a record of the type')
        assert.equal(record.reason, 'dns.type')
        assert.equal(upstream.asked.length, asked)
      })
    }

    it('a name that is not listed, also when RPZ would let it through', async () => {
      const asked = upstream.asked.length
      assert.equal((await rig.askPinner('www.unlisted.test'))?.rcode, RCODE.REFUSED)
      assert.equal((await denial('www.unlisted.test')).reason, 'dns.not-allowed')
      assert.equal((await rig.askPinner('evil\\.wild.test'))?.rcode, RCODE.REFUSED)
      assert.equal((await rig.askPinner('wild.test'))?.rcode, RCODE.REFUSED)
      assert.equal(upstream.asked.length, asked)
    })

    it('more than 63 octets below a wildcard', async () => {
      upstream.addresses(`${'a'.repeat(60)}.bc.wild.test`, ['45.45.3.10'])
      assert.equal((await rig.ask(`${'a'.repeat(60)}.bc.wild.test`))?.rcode, RCODE.NOERROR)
      assert.equal((await rig.askPinner(`${'a'.repeat(60)}.bcd.wild.test`))?.rcode, RCODE.REFUSED)
      assert.equal((await denial(`${'a'.repeat(60)}.bcd.wild.test`)).reason, 'dns.limit')
    })

    it('a circle and a chain without end', async () => {
      upstream.chain(TYPE.A, [alias('loop.wild.test', 'b.test'), alias('b.test', 'loop.wild.test')])
      const answer = await rig.ask('loop.wild.test')
      assert.equal(answer?.answers.length, 0)
    })
  })

  describe('strips service bindings', () => {
    const hints = (key: number, ...list: string[]) => ({
      key,
      value: Buffer.concat(list.map((each) => parseAddress(each)!)),
    })
    const https = (name: string, target: string, params: { key: number; value: Uint8Array }[], priority = 1) =>
      other(name, TYPE.HTTPS, 300, { kind: 'svcb', priority, target, params })
    const keysOf = (message: Message | undefined) =>
      message?.answers.map(({ data }) => (data as Extract<RData, { kind: 'svcb' }>).params.map((param) => param.key))

    it('of ech and of bad hints, and pins the good ones', async () => {
      upstream.script('https.test', TYPE.HTTPS, {
        answers: [
          https('https.test', '.', [
            { key: 1, value: Buffer.from('\x02h2') },
            hints(SVC_PARAM.ipv4hint, '45.45.4.1', '10.0.0.1'),
            { key: SVC_PARAM.ech, value: Buffer.from('secret') },
            hints(SVC_PARAM.ipv6hint, '::1'),
          ]),
        ],
      })
      const answer = await rig.ask('https.test', TYPE.HTTPS)
      assert.deepEqual(keysOf(answer), [[1, SVC_PARAM.ipv4hint]])
      const [record] = answer!.answers
      const hint = (record!.data as Extract<RData, { kind: 'svcb' }>).params[1]!.value
      assert.equal(formatAddress(hint), '45.45.4.1')
      assert.equal(rig.isPinned(plan, '45.45.4.1'), true)
      assert.equal(rig.isPinned(plan, '10.0.0.1'), false)
    })

    it('of hints that belong to another name, and of records that need what went', async () => {
      upstream.script('other.wild.test', TYPE.HTTPS, {
        answers: [
          https('other.wild.test', 'elsewhere.test', [hints(SVC_PARAM.ipv4hint, '45.45.4.2')]),
          https(
            'other.wild.test',
            '.',
            [
              { key: SVC_PARAM.mandatory, value: Buffer.of(0, 5) },
              { key: SVC_PARAM.ech, value: Buffer.of(1) },
            ],
            2,
          ),
        ],
      })
      assert.deepEqual(keysOf(await rig.ask('other.wild.test', TYPE.HTTPS)), [[]])
      assert.equal(rig.isPinned(plan, '45.45.4.2'), false)
    })
  })

  describe('believes the resolver view only when it has validated', () => {
    for (const checkingDisabled of [false, true]) {
      it(`a bogus answer is an error${checkingDisabled ? ', also for a client that disables checking' : ''}`, async () => {
        upstream.addresses('bogus.test', ['45.45.5.1'])
        assert.equal((await rig.ask('bogus.test', TYPE.A, 12_000, { checkingDisabled }))?.rcode, RCODE.SERVFAIL)
        assert.equal((await rig.askPinner('bogus.test', TYPE.A, { checkingDisabled }))?.rcode, RCODE.SERVFAIL)
        assert.equal(rig.isPinned(plan, '45.45.5.1'), false)
      })
    }
  })

  describe('stays up', () => {
    it('answers malformed and odd queries without falling over', async () => {
      assert.equal((await rig.askPinner('www.allowed.test', TYPE.A, { opcode: 4 }))?.rcode, RCODE.NOTIMP)
      assert.equal((await rig.askPinner('www.allowed.test', TYPE.A, { questions: [] }))?.rcode, RCODE.FORMERR)
      const chaos = { questions: [{ name: 'version.bind', type: TYPE.TXT, class: 3 }] }
      assert.equal((await rig.askPinner('version.bind', TYPE.TXT, chaos))?.rcode, RCODE.REFUSED)
      assert.equal((await rig.pinner.status()).ready, true)
    })

    it('answers SERVFAIL within 1.2 s when the name-server is silent, and at once when named is down', async () => {
      upstream.script('silent.wild.test', TYPE.A, { silent: true })
      const started = performance.now()
      assert.equal((await rig.askPinner('silent.wild.test'))?.rcode, RCODE.SERVFAIL)
      const took = performance.now() - started
      assert.ok(took < 1_200, `${took} ms`)
      await rig.stopNamed()
      const again = performance.now()
      assert.equal((await rig.askPinner('www.allowed.test'))?.rcode, RCODE.SERVFAIL)
      assert.ok(performance.now() - again < 600)
      await rig.startNamed()
      assert.deepEqual(answersOf(await rig.askPinner('www.allowed.test')), ['www.allowed.test 300 45.45.0.1'])
    })
  })
})
