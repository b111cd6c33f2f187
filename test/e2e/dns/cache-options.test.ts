import assert from 'node:assert/strict'
import { pinnerAddress, probeAddress } from '../../../src/base/endpoints.ts'
import { TYPE } from '../../../src/dns/message/index.ts'
import { planOf, SETTINGS } from '../../unit/dns/fixture-plan.ts'
import { DnsRig } from '../support/dns/rig.ts'
import { addressRecord, openWorld, StandInPinner } from '../support/dns/stand-in-pinner.ts'
import { until } from '../support/lab.ts'

/** Every address that named tells a client must have passed the pinner since: options that would break this. */
describe('named’s cache', () => {
  let rig: DnsRig
  before(async () => {
    rig = await DnsRig.open()
    await rig.start(
      planOf([{ allow: ['*.foo.test'] }, { allow: ['*.foo.test'] }], { settings: { ...SETTINGS, maxTtl: 60 } }),
    )
  })
  after(() => rig.close())
  beforeEach(() => {
    rig.pinner.asked.length = 0
    rig.pinner.reply = openWorld
  })
  const timesAsked = (name: string) => rig.pinner.names().filter((asked) => asked === name).length

  it('answers a cached name without the pinner', async () => {
    for (let i = 0; i < 3; i++) assert.equal(await rig.result('hit.foo.test'), 'NOERROR 1')
    assert.equal(timesAsked('hit.foo.test'), 1)
  })

  it('caps the TTL at the ceiling of pins', async () => {
    const answer = (await rig.ask('cap.foo.test'))!
    assert.ok(answer.answers[0]!.ttl <= 60, `TTL ${answer.answers[0]!.ttl}`)
  })

  it('keeps a record no longer than its TTL, and shows no stale one when the pinner is silent or gone', async () => {
    rig.pinner.reply = (name) => ({ answers: [addressRecord(name, [198, 51, 100, 1], 1)] })
    assert.equal(await rig.result('short.foo.test'), 'NOERROR 1')
    rig.pinner.reply = () => ({ rcode: 2 })
    await until('the record is gone', 4_000, async () => (await rig.result('short.foo.test')) === 'SERVFAIL')
    const again = (await rig.ask('short.foo.test'))!
    assert.deepEqual(again.answers, [])
  })

  it('asks again for every question where the TTL is 0', async () => {
    rig.pinner.reply = (name) => ({ answers: [addressRecord(name, [198, 51, 100, 2], 0)] })
    for (let i = 0; i < 3; i++) await rig.result('zero.foo.test')
    assert.equal(timesAsked('zero.foo.test'), 3)
  })

  it('forgets a failure at once, so that a name works as soon as the pinner says so', async () => {
    rig.pinner.reply = () => ({ rcode: 5 })
    assert.equal(await rig.result('later.foo.test'), 'SERVFAIL')
    rig.pinner.reply = openWorld
    assert.equal(await rig.result('later.foo.test'), 'NOERROR 1')
  })

  it('makes up no IPv6 addresses out of IPv4 ones', async () => {
    rig.pinner.reply = (name, type) => (type === TYPE.A ? { answers: [addressRecord(name, [198, 51, 100, 3])] } : {})
    assert.equal(await rig.result('four.foo.test', TYPE.AAAA), 'NOERROR 0')
  })

  it('gives clients no additional addresses', async () => {
    rig.pinner.reply = (name, type) =>
      type === TYPE.MX
        ? {
            answers: [
              {
                name,
                type: TYPE.MX,
                class: 1,
                ttl: 300,
                data: { kind: 'mx', preference: 1, exchange: 'mailx.foo.test' },
              },
            ],
            additionals: [addressRecord('mailx.foo.test', [198, 51, 100, 4])],
          }
        : openWorld(name, type)
    const answer = (await rig.ask('mail.foo.test', TYPE.MX))!
    assert.equal(answer.answers.length, 1)
    assert.deepEqual(answer.additionals, [])
    await rig.ask('mailx.foo.test')
    assert.equal(timesAsked('mailx.foo.test'), 1, 'the additional address was not taken from the cache')
  })

  it('is not shared between groups', async () => {
    const second = await StandInPinner.start(pinnerAddress(1))
    try {
      await rig.result('shared.foo.test')
      assert.equal(await rig.result('shared.foo.test', 1, { from: probeAddress(1) }), 'NOERROR 1')
      assert.deepEqual(second.names(), ['shared.foo.test'])
    } finally {
      await second.stop()
    }
  })

  it('passes large answers over UDP up to 4096 octets, and over TCP beyond', async () => {
    const many = (count: number) => (name: string) => ({
      answers: Array.from({ length: count }, (_, i) => addressRecord(name, [198, 51, 100, i % 250])),
    })
    rig.pinner.reply = many(100)
    assert.equal((await rig.ask('big.foo.test'))!.truncated, true)
    assert.deepEqual(
      rig.pinner.asked.map(({ transport }) => transport),
      ['udp'],
    )
    rig.pinner.reply = (name) => ({
      answers: Array.from({ length: 500 }, (_, i) => addressRecord(name, [198, 51, i >> 8, i & 255])),
    })
    await rig.ask('huge.foo.test')
    assert.deepEqual(
      rig.pinner.asked.slice(1).map(({ transport }) => transport),
      ['udp', 'tcp'],
    )
  })
})
