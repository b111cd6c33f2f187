import assert from 'node:assert/strict'
import fc from 'fast-check'
import { formatAddress } from '../../../src/base/address.ts'
import {
  encodeMessage,
  isAtOrBelow,
  type Message,
  nameKey,
  RCODE,
  SVC_PARAM,
  TYPE,
} from '../../../src/dns/message/index.ts'
import { decideAnswer } from '../../../src/pinner/answering/decide-answer.ts'
import { LIMITS } from '../../../src/pinner/limits.ts'
import { loadedPlan, stateWith } from './plan-fixture.ts'
import { address, alias, dname, query, reply, rr } from './record-fixture.ts'

const POLICY = { domains: ['a.test', '*.w.test'], deny: ['bad.test', '*.ads.test'], ips: ['10.1.0.0/16'] }
const state = stateWith(POLICY)
const decide = (asked: Message, answer: Message, policy = state) =>
  decideAnswer(asked, 'default', answer, policy, LIMITS)

describe('The answer that named gets', () => {
  it('is flat, with the asked name as it was written and the least TTL', () => {
    const asked = query('A.Test')
    const { response, addresses, targets, ttl } = decide(
      asked,
      reply(asked, [alias('a.test', 'cdn.test', 30), address('cdn.test', '45.1.1.1', 99)]),
    )
    assert.deepEqual(
      response.answers.map(({ name, type, ttl }) => [name, type, ttl]),
      [['A.Test', TYPE.A, 30]],
    )
    assert.deepEqual([addresses.map(formatAddress), targets, ttl], [['45.1.1.1'], ['cdn.test'], 30])
  })

  it('holds no more than the bound of addresses, each once', () => {
    const asked = query('a.test')
    const many = Array.from({ length: 200 }, (_, i) => address('a.test', `45.1.2.${i}`))
    const { response, addresses } = decide(asked, reply(asked, [...many, ...many]))
    assert.deepEqual([response.answers.length, addresses.length], [LIMITS.answerAddresses, LIMITS.answerAddresses])
  })

  it('says by settings how a denied target is told', () => {
    const asked = query('a.test')
    const answer = reply(asked, [alias('a.test', 'x.ads.test'), address('x.ads.test', '45.1.1.1')])
    assert.equal(decide(asked, answer).response.rcode, RCODE.NXDOMAIN)
    const nodata = stateWith({ ...POLICY, settings: { denyAnswer: 'nodata' } })
    assert.equal(decide(asked, answer, nodata).response.rcode, RCODE.NOERROR)
    assert.equal(decide(asked, answer, nodata).denial?.target, 'x.ads.test')
  })

  it('judges the name again: one that the Plan no longer allows is refused', () => {
    const asked = query('a.test')
    const gone = stateWith({ domains: ['b.test'] })
    const { response, addresses, denial } = decide(asked, reply(asked, [address('a.test', '45.1.1.1')]), gone)
    assert.deepEqual([response.rcode, addresses, denial?.reason], [RCODE.REFUSED, [], 'dns.not-allowed'])
  })

  it('lets during a commit only through what both Plans do', () => {
    const asked = query('a.test')
    const answer = reply(asked, [
      alias('a.test', 'cdn.test'),
      address('cdn.test', '10.1.0.1'),
      address('cdn.test', '45.1.1.1'),
    ])
    const staged = stateWith(POLICY, { ...POLICY, ips: [] })
    assert.deepEqual(decide(asked, answer, staged).addresses.map(formatAddress), ['45.1.1.1'])
    assert.equal(decide(asked, answer, staged).partial, true)
    const denied = stateWith(POLICY, { ...POLICY, deny: ['cdn.test'] })
    assert.equal(decide(asked, answer, denied).denial?.reason, 'dns.denied')
    const dropped = stateWith(POLICY, { ...POLICY, domains: [] })
    assert.equal(decide(asked, answer, dropped).response.rcode, RCODE.REFUSED)
  })

  it('waits for the new Plan where a name moves from one class to another', () => {
    const asked = query('a.test')
    const moving = stateWith({ domains: ['a.test'] }, { domains: [{ name: 'a.test', ports: [8443] }] })
    assert.deepEqual(decide(asked, reply(asked, [address('a.test', '45.1.1.1')]), moving).classKeys, [])
  })

  it('is SERVFAIL for every other response code, and for a resolver that contradicts itself', () => {
    const asked = query('a.test')
    for (const rcode of [RCODE.SERVFAIL, RCODE.REFUSED, RCODE.FORMERR, RCODE.NOTIMP]) {
      assert.equal(decide(asked, reply(asked, [], rcode)).response.rcode, RCODE.SERVFAIL)
    }
    assert.equal(decide(asked, reply(asked, [alias('a.test', 'a.test')])).response.rcode, RCODE.SERVFAIL)
  })

  it('keeps signatures only of what the asked name holds itself, for those who ask for them', () => {
    const asked = { ...query('a.test', TYPE.TXT), edns: { udpSize: 4096, version: 0, dnssecOk: true, options: [] } }
    const txt = rr('a.test', TYPE.TXT, { kind: 'txt', strings: [Buffer.from('x')] })
    const signature = (type: number) =>
      rr('a.test', TYPE.RRSIG, { kind: 'opaque', data: Uint8Array.of(type >> 8, type & 255, 8) })
    const { response } = decide(asked, reply(asked, [txt, signature(TYPE.TXT), signature(TYPE.A)]))
    assert.deepEqual(
      response.answers.map((each) => each.type),
      [TYPE.TXT, TYPE.RRSIG],
    )
    assert.deepEqual(
      decide(query('a.test', TYPE.TXT), reply(asked, [txt, signature(TYPE.TXT)])).response.answers.length,
      1,
    )
  })

  it('never tells an address that it does not want pinned, and never another name, whatever the resolver says', () => {
    const names = ['a.test', 'x.w.test', 'cdn.test', 'bad.test', 'y.ads.test', 'w.test', '.']
    const name = fc.constantFrom(...names)
    const type = fc.constantFrom<number>(TYPE.A, TYPE.AAAA, TYPE.HTTPS, TYPE.TXT, TYPE.CNAME, TYPE.DNAME, TYPE.SOA)
    const ip = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom('127.0.0.1', '10.1.2.3', '::ffff:10.9.9.9', '45.1.1.1'))
    const hint = fc.uint8Array({ minLength: 4, maxLength: 8 })
    const record = fc.oneof(
      fc.tuple(name, ip).map(([owner, each]) => address(owner, each)),
      fc.tuple(name, name).map(([owner, target]) => alias(owner, target)),
      fc.tuple(name, name).map(([owner, target]) => dname(owner, target)),
      fc.tuple(name, name, hint).map(([owner, target, value]) =>
        rr(owner, TYPE.HTTPS, {
          kind: 'svcb',
          priority: 1,
          target,
          params: [
            { key: SVC_PARAM.ipv4hint, value },
            { key: SVC_PARAM.ech, value },
          ],
        }),
      ),
      name.map((owner) => rr(owner, TYPE.TXT, { kind: 'txt', strings: [Buffer.from('t')] })),
    )
    const plan = loadedPlan(POLICY)
    fc.assert(
      fc.property(
        name,
        type,
        fc.array(record, { maxLength: 8 }),
        fc.array(record, { maxLength: 3 }),
        (owner, asks, answers, rest) => {
          const asked = query(owner, asks)
          const message = { ...reply(asked, answers), authorities: rest, additionals: rest }
          const { response, addresses } = decide(asked, message)
          encodeMessage(response)
          const wanted = new Set(addresses.map(formatAddress))
          assert.deepEqual(response.additionals, [])
          for (const told of response.answers) {
            assert.equal(nameKey(told.name), owner)
            assert.ok(told.type !== TYPE.CNAME && told.type !== TYPE.DNAME)
            if (told.data.kind === 'address') assert.ok(wanted.has(formatAddress(told.data.address)))
            if (told.data.kind !== 'svcb') continue
            for (const { key, value } of told.data.params) {
              assert.notEqual(key, SVC_PARAM.ech)
              for (let i = 0; i < value.length; i += 4) assert.ok(wanted.has(formatAddress(value.slice(i, i + 4))))
            }
          }
          for (const told of response.authorities) assert.ok(isAtOrBelow(owner, nameKey(told.name)))
          for (const each of addresses) assert.equal(plan.judgeAddress('default', each).pinnable, true)
          if (!plan.judge('default', owner).allowed) assert.deepEqual(addresses, [])
        },
      ),
      { numRuns: 1500 },
    )
  })
})
