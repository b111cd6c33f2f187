import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { formatAddress, parseAddress } from '../../../src/base/address.ts'
import { type Message, RCODE, type RData, SVC_PARAM, TYPE } from '../../../src/dns/message/index.ts'
import type { Plan } from '../../../src/plan/types.ts'
import { answersOf, useAnswering } from '../support/pinner/answering.ts'
import { address, alias, dname, type NameServerDouble, other, soa, text } from '../support/pinner/name-server.ts'
import { expiry, isPinned } from '../support/pinner/pin-sets.ts'
import type { PinnerRig } from '../support/pinner/rig.ts'

describe('What the pinner answers behind named', function () {
  this.timeout(120_000)
  const answering = useAnswering()
  let rig: PinnerRig
  let plan: Plan
  let upstream: NameServerDouble
  before(() => {
    ;({ rig, plan, upstream } = answering())
  })

  describe('pins', () => {
    it('the addresses of both families before they are told', async () => {
      upstream.addresses('www.allowed.test', ['45.45.0.1', '2a45::1'])
      assert.deepEqual(answersOf(await rig.ask('www.allowed.test')), ['www.allowed.test 300 45.45.0.1'])
      assert.equal(isPinned(plan, '45.45.0.1'), true)
      assert.equal(isPinned(plan, '45.45.0.1', 'held'), true)
      assert.equal(isPinned(plan, '2a45::1'), false)
      assert.deepEqual(answersOf(await rig.ask('www.allowed.test', TYPE.AAAA)), ['www.allowed.test 300 2a45::1'])
      assert.equal(isPinned(plan, '2a45::1'), true)
      assert.equal(isPinned(plan, '45.45.0.2'), false)
    })

    it('what named tells of them to a question for ANY, which it answers from its cache', async () => {
      upstream.addresses('any.wild.test', ['45.45.0.7'])
      await rig.ask('any.wild.test')
      const answer = await rig.ask('any.wild.test', TYPE.ANY)
      assert.deepEqual(
        answer?.answers.map(({ data }) => data.kind === 'address' && formatAddress(data.address)),
        ['45.45.0.7'],
      )
      assert.equal(upstream.count('any.wild.test'), 1)
      assert.equal(isPinned(plan, '45.45.0.7'), true)
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
      assert.equal(isPinned(plan, '45.45.0.5'), true)
    })

    it('an address never for less long than another name told it', async () => {
      upstream.addresses('long.wild.test', ['45.45.0.6'], 3000)
      upstream.addresses('short.wild.test', ['45.45.0.6'], 1)
      await rig.ask('long.wild.test')
      await rig.ask('short.wild.test')
      const left = expiry(plan, '45.45.0.6')
      assert.ok(left > 3_000, `${left} s left`)
    })

    it('a hundred addresses, over TCP where UDP does not hold them', async () => {
      const addresses = Array.from({ length: 100 }, (_, i) => `45.45.1.${i + 1}`)
      const long = `${'x'.repeat(40)}.wild.test`
      upstream.addresses(long, addresses)
      assert.equal((await rig.ask(long))?.truncated, true)
      assert.equal((await rig.askPinner(long))?.answers.length, 100)
      assert.ok(addresses.every((each) => isPinned(plan, each)))
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
      assert.equal(isPinned(plan, '45.45.2.1'), true)
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
      assert.equal(isPinned(plan, '45.45.2.4'), false)
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
      assert.equal(isPinned(plan, '45.45.4.1'), true)
      assert.equal(isPinned(plan, '10.0.0.1'), false)
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
      assert.equal(isPinned(plan, '45.45.4.2'), false)
    })
  })
})
