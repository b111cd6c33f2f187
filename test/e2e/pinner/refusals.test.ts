import assert from 'node:assert/strict'
import { formatAddress, parseAddress } from '../../../src/base/address.ts'
import { RCODE, TYPE } from '../../../src/dns/message/index.ts'
import type { Plan } from '../../../src/plan/types.ts'
import { until } from '../../../src/standalone/lab/until.ts'
import { answersOf, denial as denialOf, useAnswering } from '../support/pinner/answering.ts'
import { address, alias, type NameServerDouble } from '../support/pinner/name-server.ts'
import { isPinned } from '../support/pinner/pin-sets.ts'
import type { PinnerRig } from '../support/pinner/rig.ts'

describe('What the pinner refuses behind named', function () {
  this.timeout(120_000)
  const answering = useAnswering()
  let rig: PinnerRig
  let plan: Plan
  let upstream: NameServerDouble
  before(() => {
    ;({ rig, plan, upstream } = answering())
  })
  const denial = (name: string) => denialOf(answering(), name)

  describe('refuses', () => {
    it('a chain that leads over a denied name, and says which', async () => {
      for (const [i, target] of ['denied-cdn.test', 'x.y.ads.test'].entries()) {
        const name = `denied${i}.wild.test`
        upstream.chain(TYPE.A, [alias(name, target), alias(target, 'fine.test'), address('fine.test', `45.45.3.${i}`)])
        assert.equal((await rig.ask(name))?.rcode, RCODE.NXDOMAIN)
        assert.equal(isPinned(plan, `45.45.3.${i}`), false)
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
        assert.equal(isPinned(plan, bad), false)
        const record = await denial(name)
        assert.deepEqual([record.reason, record.address], ['dns.rebind', formatAddress(parseAddress(bad)!)])
      })
    }

    it('only the bad ones of many addresses', async () => {
      upstream.addresses('both.test', ['10.0.0.1', '45.45.3.9', '127.0.0.1'])
      assert.deepEqual(answersOf(await rig.ask('both.test')), ['both.test 300 45.45.3.9'])
      assert.equal(isPinned(plan, '10.0.0.1'), false)
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
      await until('the new network is closed', 15_000, async () => {
        const name = `own${upstream.asked.length}.wild.test`
        upstream.addresses(name, ['45.45.200.1', '45.45.200.7', '45.45.201.1'])
        const answer = answersOf(await rig.ask(name))
        assert.ok(answer?.includes(`${name} 300 45.45.201.1`))
        return answer?.length === 1
      })
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
        const record = await until('a record of the type', 15_000, async () => {
          const last = await denial('www.allowed.test')
          return last.type === name && last
        })
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

  describe('believes the resolver view only when it has validated', () => {
    for (const checkingDisabled of [false, true]) {
      it(`a bogus answer is an error${checkingDisabled ? ', also for a client that disables checking' : ''}`, async () => {
        upstream.addresses('bogus.test', ['45.45.5.1'])
        assert.equal((await rig.ask('bogus.test', TYPE.A, 12_000, { checkingDisabled }))?.rcode, RCODE.SERVFAIL)
        assert.equal((await rig.askPinner('bogus.test', TYPE.A, { checkingDisabled }))?.rcode, RCODE.SERVFAIL)
        assert.equal(isPinned(plan, '45.45.5.1'), false)
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
      upstream.addresses('www.allowed.test', ['45.45.0.1'])
      assert.deepEqual(answersOf(await rig.askPinner('www.allowed.test')), ['www.allowed.test 300 45.45.0.1'])
    })
  })
})
