import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { installConf, installGeneration, installZone } from '../../../src/dns/files/install.ts'
import {
  applyZones,
  flushNames,
  namedStatistics,
  prepareNamed,
  pruneNamedGenerations,
  withRndc,
} from '../../../src/dns/index.ts'
import type { Plan } from '../../../src/plan/types.ts'
import { until } from '../../../src/standalone/lab/until.ts'
import { type NameLists, planOf, SETTINGS } from '../../unit/dns/fixture-plan.ts'
import { DnsRig } from '../support/dns/rig.ts'

const MANY = Array.from({ length: 12_000 }, (_, i) => `m${i}.many.test`)
let serial = 0
const next = (lists: NameLists | readonly NameLists[], overrides: Partial<Plan> = {}): Plan =>
  planOf(lists, { generation: (0x1000 + serial++).toString(16), ...overrides })

describe('applying a generation to the running named', () => {
  let rig: DnsRig
  let live: Plan
  beforeEach(async () => {
    rig = await DnsRig.open()
    live = next({ allow: ['a.test', 'b.test', ...MANY] })
    await rig.start(live)
  })
  afterEach(() => rig.close())

  it('adds and removes names at once, one change straight after the other', async () => {
    for (let round = 0; round < 6; round++) {
      const plan = next({ allow: [`only${round}.test`, ...MANY] })
      await rig.commit(plan, live.generation)
      live = plan
      assert.equal(await rig.result(`only${round}.test`), 'NOERROR 1')
      if (round > 0) assert.equal(await rig.result(`only${round - 1}.test`), 'NXDOMAIN')
      assert.equal(await rig.result('a.test'), 'NXDOMAIN')
    }
  })

  it('leaves a large base untouched by a small change, and does nothing at all the second time', async () => {
    const plan = next({ allow: ['a.test', 'c.test', ...MANY] })
    const applied = await rig.commit(plan, live.generation)
    assert.deepEqual([...applied.reloaded].sort(), ['o of g0', 'r of g0'])
    assert.equal(await rig.result('b.test'), 'NXDOMAIN')
    assert.equal(await rig.result('c.test'), 'NOERROR 1')
    assert.deepEqual(await applyZones(rig.layout, plan.generation), { reconfigured: false, reloaded: [] })
  })

  it('lets a named that has just been started load its zones once', async () => {
    await rig.kill()
    const before = rig.log().length
    await rig.launch()
    const applied = await applyZones(rig.layout, live.generation, { isLoading: true })
    assert.deepEqual(applied, { reconfigured: false, reloaded: [] })
    const since = rig.log().slice(before)
    assert.equal(since.match(/zone b\/IN\/g0: loaded serial/g)?.length, 1)
  })

  it('brings in time what a named that was just started does not load, for its files were the old ones', async () => {
    const plan = next({ allow: ['new.test'] })
    await prepareNamed(plan, rig.layout, { previous: live.generation })
    const timeout = 4_000
    const began = performance.now()
    const applied = await applyZones(rig.layout, plan.generation, { timeout, isLoading: true })
    assert.ok(performance.now() - began < timeout)
    assert.deepEqual(applied.reloaded.slice(0, 1), ['b of g0'])
    assert.equal(await rig.result('new.test'), 'NOERROR 1')
  })

  it('goes back to an earlier generation, although its files are older than what named has loaded', async () => {
    const first = live
    const second = next({ allow: ['other.test'] })
    await rig.commit(second, first.generation)
    assert.equal(await rig.result('a.test'), 'NXDOMAIN')
    await applyZones(rig.layout, first.generation)
    assert.equal(await rig.result('a.test'), 'NOERROR 1')
    assert.equal(await rig.result('other.test'), 'NXDOMAIN')
    await applyZones(rig.layout, second.generation)
    assert.equal(await rig.result('other.test'), 'NOERROR 1')
  })

  it('has the last of many new names in force when it returns', async () => {
    const fresh = Array.from({ length: 40_000 }, (_, i) => `z${i}.zz-fresh.test`)
    const plan = next({ allow: [...fresh, 'zzzz.zzzz'] })
    await rig.commit(plan, live.generation)
    for (const name of ['z39999.zz-fresh.test', 'z0.zz-fresh.test', 'zzzz.zzzz'])
      assert.equal(await rig.result(name), 'NOERROR 1', name)
    assert.equal(await rig.result('a.test'), 'NXDOMAIN')
  })

  it('never lets a removed or unlisted name through while bases are rewritten and put back under a flood of questions', async () => {
    const asked = new Set<string>()
    let stop = false
    let answered = 0
    const flood = (async () => {
      for (let i = 0; !stop; i++) {
        const name = i % 3 === 0 ? 'never.test' : i % 3 === 1 ? `x${i}.evil.test` : 'gone.test'
        asked.add(name)
        const result = await rig.result(name)
        if (result !== 'NXDOMAIN') answered++
      }
    })()
    const first = live
    for (let round = 0; round < 4; round++) {
      await rig.commit(
        next({ allow: [`r${round}.test`, ...MANY.slice(round * 2_000)], deny: ['never.test'] }),
        first.generation,
      )
      await applyZones(rig.layout, first.generation)
    }
    stop = true
    await flood
    assert.ok(asked.size > 50, `only ${asked.size} names were asked`)
    assert.equal(answered, 0)
    assert.deepEqual(
      rig.pinner.names().filter((name) => asked.has(name)),
      [],
    )
  })

  it('converges when it was killed after files were swapped and before named was told', async () => {
    const plan = next({ allow: ['new.test'] }, { settings: { ...SETTINGS, maxTtl: 77 } })
    await prepareNamed(plan, rig.layout, { previous: live.generation })
    installZone(rig.layout, plan.generation, 'g0', 'b')
    installConf(rig.layout, plan.generation)
    const applied = await applyZones(rig.layout, plan.generation)
    assert.equal(applied.reconfigured, true)
    assert.equal(await rig.result('new.test'), 'NOERROR 1')
    assert.equal(await rig.result('a.test'), 'NXDOMAIN')
    assert.ok((await rig.ask('new.test'))!.answers[0]!.ttl <= 77)
  })

  it('converges when live files are damaged or gone, and when named was killed in between', async () => {
    writeFileSync(`${rig.layout.named}/zones/g0.r`, 'nonsense')
    rmSync(`${rig.layout.named}/zones/g0.o`)
    const plan = next({ allow: ['new.test'], deny: ['x.new.test'] })
    await rig.commit(plan, live.generation)
    assert.equal(await rig.result('new.test'), 'NOERROR 1')
    await rig.kill()
    rmSync(`${rig.layout.named}/zones/g0.d`)
    installGeneration(rig.layout, plan.generation)
    await rig.launch()
    await until('named denies', 5_000, async () => (await rig.result('nobody-lists.test')) === 'NXDOMAIN')
    await applyZones(rig.layout, plan.generation)
    assert.equal(await rig.result('new.test'), 'NOERROR 1')
    assert.equal(await rig.result('a.test'), 'NXDOMAIN')
  })

  it('follows a base list that was damaged on disk by writing the base anew', async () => {
    writeFileSync(`${rig.layout.named}/generations/${live.generation}/zones/g0.entries`, 'evil.test\n')
    const plan = next({ allow: ['a.test', ...MANY] })
    await rig.commit(plan, live.generation)
    assert.equal(await rig.result('evil.test'), 'NXDOMAIN')
    assert.equal(await rig.result('b.test'), 'NXDOMAIN')
    assert.equal(await rig.result('m5.many.test'), 'NOERROR 1')
  })

  it('answers NODATA once the settings say so, and NXDOMAIN again', async () => {
    const nodata = next(
      { allow: ['a.test', ...MANY], deny: ['bad.test'] },
      { settings: { ...SETTINGS, denyAnswer: 'nodata' } },
    )
    await rig.commit(nodata, live.generation)
    assert.equal(await rig.result('evil.test'), 'NOERROR 0')
    assert.equal(await rig.result('bad.test'), 'NOERROR 0')
    await applyZones(rig.layout, live.generation)
    assert.equal(await rig.result('evil.test'), 'NXDOMAIN')
  })

  it('says what is wrong where named never shows the new contents, and keeps denying', async () => {
    const plan = next({ allow: ['new.test'] })
    await prepareNamed(plan, rig.layout, { previous: live.generation })
    const zone = `${rig.layout.named}/generations/${plan.generation}/zones/g0.b`
    writeFileSync(zone, 'nonsense')
    await assert.rejects(
      applyZones(rig.layout, plan.generation, { timeout: 500 }),
      /zone b of view g0.*\(apply\.(proof|service)\)|named refused/s,
    )
    assert.equal(await rig.result('evil.test'), 'NXDOMAIN')
    assert.equal(await rig.result('new.test'), 'NXDOMAIN')
    await applyZones(rig.layout, live.generation)
    assert.equal(await rig.result('a.test'), 'NOERROR 1')
  })

  it('refuses with a sentence while named is gone', async () => {
    await rig.kill()
    await assert.rejects(
      applyZones(rig.layout, live.generation),
      /named (does not answer on its control port|gives no statistics).*system\.unreachable/,
    )
  })

  it('flushes single names, what lies below a wildcard, and whole views', async () => {
    const plan = next({ allow: ['a.test', '*.w.test', ...MANY] })
    await rig.commit(plan, live.generation)
    const ask = async () => {
      rig.pinner.asked.length = 0
      for (const name of ['a.test', 'x.w.test', 'm1.many.test']) await rig.result(name)
      return rig.pinner.names()
    }
    await ask()
    assert.deepEqual(await ask(), [])
    await flushNames(rig.layout, 'g0', ['a.test'])
    assert.deepEqual(await ask(), ['a.test'])
    await flushNames(rig.layout, 'g0', ['*.w.test'])
    assert.deepEqual(await ask(), ['x.w.test'])
    await flushNames(rig.layout, 'g0', 'all')
    assert.deepEqual(await ask(), ['a.test', 'x.w.test', 'm1.many.test'])
    await flushNames(rig.layout, 'g0', MANY)
    assert.deepEqual((await ask()).length, 3)
    const began = Date.now()
    await flushNames(rig.layout, 'g0', MANY.slice(0, 1_000))
    assert.ok(Date.now() - began < 3_000, `a thousand names took ${Date.now() - began} ms`)
    assert.deepEqual(await ask(), ['m1.many.test'])
  })

  it('counts what each view let through and denied', async () => {
    const before = (await namedStatistics()).views.g0!
    for (const name of ['a.test', 'a.test', 'm1.many.test', 'evil.test']) await rig.result(name)
    const after = (await namedStatistics()).views.g0!
    assert.deepEqual([after.allowed - before.allowed, after.denied - before.denied], [3, 1])
    assert.ok(after.cacheHits > before.cacheHits)
  })

  it('forgets prepared generations that nobody goes back to', async () => {
    const plan = next({ allow: ['a.test', 'c.test', ...MANY] })
    await rig.commit(plan, live.generation)
    pruneNamedGenerations(rig.layout, [plan.generation])
    await applyZones(rig.layout, plan.generation)
    assert.equal(await rig.result('m7.many.test'), 'NOERROR 1')
    const after = next({ allow: ['a.test', ...MANY] })
    const applied = await rig.commit(after, plan.generation)
    assert.deepEqual(applied.reloaded, ['o of g0'])
  })

  it('gets commands refused, not run, when the key is wrong or the command is none', async () => {
    await withRndc(rig.layout, async (rndc) => {
      assert.match(await rndc.command(['status']), /server is up and running/)
      await assert.rejects(rndc.command(['reload', 'nosuch', 'IN', 'g0']), /named refused.*apply\.service/s)
      assert.throws(() => void rndc.command(['reload', 'b; stop']), /internal\.bug/)
    })
    const key = `${rig.layout.named}/rndc.key`
    writeFileSync(key, `key "clawgress" { secret "${Buffer.alloc(32).toString('base64')}"; };`)
    await assert.rejects(
      withRndc(rig.layout, async () => undefined),
      /system\.unreachable/,
    )
  })
})

describe('preparing a generation', () => {
  it('on a full disk says so, leaves the live generation alone and cleans up', async () => {
    const rig = await DnsRig.open()
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1500k', 'tmpfs', rig.layout.named])
    try {
      const small = next({ allow: ['a.test'] })
      await rig.start(small)
      const huge = next({ allow: Array.from({ length: 40_000 }, (_, i) => `name-that-fills-the-disk-${i}.test`) })
      await assert.rejects(
        prepareNamed(huge, rig.layout, { previous: small.generation }),
        /no space left.*apply\.disk-full/,
      )
      await applyZones(rig.layout, small.generation)
      assert.equal(await rig.result('a.test'), 'NOERROR 1')
      await prepareNamed(next({ allow: ['b.test'] }), rig.layout, { previous: small.generation })
    } finally {
      await rig.kill()
      execFileSync('umount', [rig.layout.named])
      await rig.close()
    }
  })
})
