import assert from 'node:assert/strict'
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { runtimePaths } from '../../../src/base/layout.ts'
import { RCODE, TYPE } from '../../../src/dns/message/index.ts'
import { removeTable } from '../../../src/firewall/index.ts'
import type { Plan } from '../../../src/plan/types.ts'
import { until } from '../../../src/standalone/lab/until.ts'
import type { Agent } from '../support/pinner/agent.ts'
import { address, alias, NameServerDouble } from '../support/pinner/name-server.ts'
import { expiry, isPinned } from '../support/pinner/pin-sets.ts'
import { NAME_SERVER, PinnerRig } from '../support/pinner/rig.ts'

const policy = (domains: unknown[], deny: string[] = [], ips: string[] = []) => ({
  version: 1,
  allow: { domains, ips, ports: [443] },
  deny: { domains: deny },
})

describe('The pinner in a commit', function () {
  this.timeout(180_000)
  let rig: PinnerRig
  let upstream: NameServerDouble
  let agent: Agent
  let current: Plan

  const both = ['keep.test', 'drop.test']
  const rcodeOf = async (name: string) => (await rig.askPinner(name))?.rcode
  const commit = async (policyObject: object) => {
    const next = rig.plan(policyObject)
    const activated = await rig.commit(next, current)
    current = next
    return activated
  }

  before(async () => {
    rig = PinnerRig.open()
    upstream = await NameServerDouble.start(NAME_SERVER.address, NAME_SERVER.port)
    upstream.addresses('keep.test', ['45.45.10.1', '2a45::10:1'])
    upstream.addresses('drop.test', ['45.45.10.2', '2a45::10:2'])
    upstream.addresses('new.test', ['45.45.10.3'])
    upstream.addresses('same-as-keep.test', ['45.45.10.1'])
    upstream.script('chained.test', TYPE.A, {
      answers: [alias('chained.test', 'cdn.test'), address('cdn.test', '45.45.10.9')],
    })
    upstream.addresses('cdn.test', ['45.45.10.9'])
    current = rig.plan(policy(both))
    await rig.start(current)
    await rig.internet()
    agent = await rig.agent()
  })

  after(async () => {
    upstream?.stop()
    await rig?.close()
  })

  it('resets both families of a removed name, and keeps the flows of another', async () => {
    await commit(policy(both))
    for (const name of both) for (const type of [TYPE.A, TYPE.AAAA]) await rig.ask(name, type)
    const kept = [await agent.open('45.45.10.1'), await agent.open('2a45::10:1')]
    const lost = [await agent.open('45.45.10.2'), await agent.open('2a45::10:2')]
    const started = Date.now()
    const activated = await commit(policy(['keep.test']))
    const ends = await Promise.all(lost.map((id) => until('the revoked flow ends', 15_000, () => agent.ended(id))))
    assert.deepEqual(
      ends.map((end) => end.error),
      ['ECONNRESET', 'ECONNRESET'],
    )
    assert.ok(ends.every((end) => end.at - started < 3_000))
    assert.equal(activated.probed, 2)
    assert.deepEqual(activated.flush, [{ id: 0, group: 'default', names: ['drop.test'] }])
    assert.deepEqual(
      kept.map((id) => agent.ended(id)),
      [undefined, undefined],
    )
    assert.equal(isPinned(current, '45.45.10.2'), false)
    assert.equal(isPinned(current, '45.45.10.2', 'held'), false)
    assert.equal(isPinned(current, '45.45.10.1'), true)
    assert.equal(await rcodeOf('drop.test'), RCODE.REFUSED)
  })

  it('lets a name that comes back resolve and connect at once', async () => {
    await commit(policy(both))
    const task = { resolver: '10.77.1.1', names: ['drop.test'], type: TYPE.A, port: 443, parallel: 1 }
    assert.deepEqual(await agent.firstConnect(task), {
      id: 5,
      unanswered: [],
      asked: 1,
      refused: [],
      connected: 1,
    })
  })

  it('keeps an address that another allowed name still leads to', async () => {
    await commit(policy([...both, 'same-as-keep.test']))
    await rig.ask('same-as-keep.test')
    await rig.ask('keep.test')
    const flow = await agent.open('45.45.10.1')
    await commit(policy(['drop.test', 'same-as-keep.test']))
    assert.equal(isPinned(current, '45.45.10.1'), true)
    await rig.pinner.sweep()
    assert.equal(agent.ended(flow), undefined)
    await commit(policy(['drop.test']))
    await until('the flow ends with the last name', 15_000, () => agent.ended(flow))
  })

  it('takes the addresses of a name whose chain has become denied', async () => {
    await commit(policy([...both, 'chained.test']))
    await rig.ask('chained.test')
    assert.equal(isPinned(current, '45.45.10.9'), true)
    const { flush } = await commit(policy([...both, 'chained.test'], ['cdn.test']))
    assert.equal(isPinned(current, '45.45.10.9'), false)
    assert.deepEqual(flush[0]?.names, ['chained.test'])
    assert.equal((await rig.ask('chained.test'))?.rcode, RCODE.NXDOMAIN)
  })

  it('pins a name that moves to another class there, without a flush', async () => {
    await commit(policy(both))
    await rig.ask('keep.test')
    const { flush, moved } = await commit(policy([{ name: 'keep.test', ports: [8443] }, 'drop.test']))
    assert.deepEqual(flush, [])
    assert.ok(moved >= 1)
    const id = await agent.open('45.45.10.1', 8443)
    assert.equal(agent.ended(id), undefined)
    await commit(policy(both))
    await until('the flow to a port that is no longer allowed ends', 15_000, () => agent.ended(id))
  })

  it('resets flows to a listed prefix that is gone', async () => {
    await commit(policy(both, [], ['45.45.77.0/24']))
    const id = await agent.open('45.45.77.1')
    const { probed } = await commit(policy(both))
    // Flows that have ended a moment ago may still be in the kernel's table.
    assert.ok(probed >= 1)
    await until('the flow ends', 15_000, () => agent.ended(id))
  })

  it('keeps the addresses of open flows held, and only those, by a sweep off the DNS path', async () => {
    upstream.addresses('busy.test', ['45.45.10.30'])
    upstream.addresses('idle.test', ['45.45.10.31'])
    await commit(policy(['busy.test', 'idle.test']))
    for (const name of ['busy.test', 'idle.test']) await rig.ask(name)
    const flow = await agent.open('45.45.10.30')
    const whole = 6 * 3600
    await until('time passes', 15_000, () => expiry(current, '45.45.10.30', 'held') < whole - 1)
    const { flows, held } = await rig.pinner.sweep()
    assert.ok(flows >= 1 && held === 1, `${flows} flows, ${held} held`)
    assert.ok(expiry(current, '45.45.10.30', 'held') >= whole - 1)
    assert.ok(expiry(current, '45.45.10.31', 'held') < whole - 1)
    assert.equal(agent.ended(flow), undefined)
    assert.equal((await rig.pinner.metrics()).counters.flowThreadTrouble, 0)
  })

  it('lets a flow outlive its pin, and an unrelated commit after that', async () => {
    upstream.addresses('brief.test', ['45.45.10.20'], 0)
    const settings = { pinSlack: 1 }
    await commit(policy(both))
    const first = rig.plan(policy([...both, 'brief.test']), settings)
    await rig.commit(first, current)
    await rig.ask('brief.test')
    const flow = await agent.open('45.45.10.20')
    await until('the pin expires', 15_000, () => !isPinned(first, '45.45.10.20'))
    current = rig.plan(policy([...both, 'brief.test', 'other.test']), settings)
    await rig.commit(current, first)
    assert.equal(agent.ended(flow), undefined)
    await commit(policy(both))
    await until('the flow ends with its name', 15_000, () => agent.ended(flow))
  })

  describe('that is staged', () => {
    it('allows only what both policies allow, and takes what the coming one does not', async () => {
      await commit(policy(both))
      for (const name of both) await rig.ask(name)
      const next = rig.plan(policy(['keep.test', 'new.test']))
      const folder = await rig.write(next, current)
      await rig.pinner.stage(folder)
      assert.deepEqual(await Promise.all(['keep.test', 'drop.test', 'new.test'].map(rcodeOf)), [
        RCODE.NOERROR,
        RCODE.REFUSED,
        RCODE.REFUSED,
      ])
      assert.equal(isPinned(current, '45.45.10.2'), false)
      const status = await rig.pinner.status()
      assert.deepEqual([status.generation, status.stagedGeneration], [current.generation, next.generation])
    })

    it('stays so over kill -9 of the pinner', async () => {
      await rig.killPinner()
      await rig.startPinner()
      assert.deepEqual(await Promise.all(['keep.test', 'drop.test', 'new.test'].map(rcodeOf)), [
        RCODE.NOERROR,
        RCODE.REFUSED,
        RCODE.REFUSED,
      ])
      assert.equal(isPinned(current, '45.45.10.2'), false)
    })

    it('puts everything back when it is aborted', async () => {
      await rig.pinner.abort()
      assert.deepEqual(await Promise.all(['keep.test', 'drop.test', 'new.test'].map(rcodeOf)), [
        RCODE.NOERROR,
        RCODE.NOERROR,
        RCODE.REFUSED,
      ])
      assert.equal(isPinned(current, '45.45.10.1'), true)
      assert.equal(isPinned(current, '45.45.10.2'), true)
      assert.equal((await rig.pinner.status()).stagedGeneration, undefined)
    })

    it('refuses everything when its Plan cannot be read after a restart, until a commit', async () => {
      const next = rig.plan(policy(['keep.test', 'new.test', 'third.test']))
      const folder = await rig.write(next, current)
      await rig.pinner.stage(folder)
      await rig.killPinner()
      writeFileSync(`${folder}/plan/plan.json`, '{')
      await rig.startPinner()
      assert.equal(await rcodeOf('keep.test'), RCODE.SERVFAIL)
      assert.equal((await rig.pinner.status()).ready, false)
      await assert.rejects(rig.pinner.activate(), /cannot be read/)
      await rig.pinner.abort()
      assert.equal(await rcodeOf('keep.test'), RCODE.NOERROR)
    })

    it('changes nothing when its folder holds no Plan', async () => {
      await assert.rejects(rig.pinner.stage('/nowhere'), { name: 'ClawgressError' })
      await assert.rejects(rig.pinner.activate(), /No policy is staged/)
      assert.equal(await rcodeOf('keep.test'), RCODE.NOERROR)
    })
  })

  describe('after kill -9', () => {
    it('still knows which addresses a removed name had', async () => {
      await commit(policy(both))
      for (const name of both) await rig.ask(name)
      const id = await agent.open('45.45.10.2')
      await rig.killPinner()
      appendFileSync(runtimePaths(rig.layout).journal, '["b","default","torn')
      await rig.startPinner()
      assert.deepEqual((await rig.pinner.whois(['45.45.10.2'])).addresses, {
        '45.45.10.2': [{ group: 'default', name: 'drop.test' }],
      })
      await commit(policy(['keep.test']))
      await until('the flow ends', 15_000, () => agent.ended(id))
      assert.doesNotMatch(readFileSync(runtimePaths(rig.layout).journal, 'utf8'), /torn/)
      await commit(policy(both))
    })
  })

  it('puts all pins back when the table was lost', async () => {
    await rig.flush()
    for (const name of both) await rig.ask(name)
    await removeTable()
    assert.equal((await rig.pinner.status()).ready, false)
    await rig.loadRuleset(current)
    assert.equal(isPinned(current, '45.45.10.1'), false)
    const { pins, flush } = await rig.pinner.restore()
    assert.ok(pins >= 2)
    assert.deepEqual(flush, [])
    assert.equal(isPinned(current, '45.45.10.1'), true)
    assert.equal((await rig.pinner.status()).ready, true)
  })

  it('fails the names, and tells nothing, while there is no table', async () => {
    await removeTable()
    assert.equal(await rcodeOf('new-after-loss.test'), RCODE.REFUSED)
    await rig.pinner.reset().catch(() => undefined)
    assert.equal(await rcodeOf('keep.test'), RCODE.SERVFAIL)
    await rig.loadRuleset(current)
    assert.equal(await rcodeOf('keep.test'), RCODE.NOERROR)
    assert.equal(isPinned(current, '45.45.10.1'), true)
  })

  it('forgets and unpins everything on reset', async () => {
    await rig.ask('keep.test')
    const { flush } = await rig.pinner.reset()
    assert.ok(flush[0]?.names.includes('keep.test'))
    assert.equal(isPinned(current, '45.45.10.1'), false)
    assert.equal((await rig.pinner.pins()).total, 0)
  })

  it('fails only names whose addresses no longer fit a full set', async () => {
    await commit(policy([...both, 'new.test']))
    await removeTable()
    await rig.loadRuleset(current, (text) => text.replaceAll(/(set pin4_default_\w+ \{[^}]*size )\d+/g, '$12'))
    await rig.pinner.reset()
    assert.equal(await rcodeOf('keep.test'), RCODE.NOERROR)
    assert.equal(await rcodeOf('drop.test'), RCODE.NOERROR)
    for (let i = 0; i < 10; i++) {
      const all = await Promise.all(['new.test', 'keep.test', 'drop.test'].map(rcodeOf))
      assert.deepEqual(all, [RCODE.SERVFAIL, RCODE.NOERROR, RCODE.NOERROR])
    }
    const denials = runtimePaths(rig.layout).pinnerDenials
    await until('a record of the full set', 15_000, () => {
      const records = existsSync(denials) ? readFileSync(denials, 'utf8') : ''
      return /"name":"new.test".*"reason":"dns.limit"/.test(records)
    })
  })
})
