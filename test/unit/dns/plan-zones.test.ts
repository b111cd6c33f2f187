import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type EntryLines, linesOf } from '../../../src/dns/zones/entry-lines.ts'
import {
  LARGEST_DRIFT,
  type PreviousZones,
  planZones,
  SMALL_BASE,
  type ZonePlan,
} from '../../../src/dns/zones/plan-zones.ts'
import { parseZoneState } from '../../../src/dns/zones/state.ts'
import { judge, type NameLists, planOf, SETTINGS } from './fixture-plan.ts'
import { answer, printed, readZone, type ZoneRecords, zonesOf } from './rpz-oracle.ts'

const FILLER = Array.from({ length: SMALL_BASE + 10 }, (_, i) => `f${i}.filler.test`)

/** Applies policies one after the other, carrying the base on as the files do. */
class History {
  base: EntryLines | undefined
  baseRecords: ZoneRecords | undefined
  plan: ZonePlan | undefined
  rewrites = 0

  commit(lists: NameLists, settings = SETTINGS): ZoneRecords[] {
    const last = this.plan
    const previous: PreviousZones | undefined = last && { state: last.state, baseEntries: () => this.base }
    this.plan = planZones(planOf(lists, { settings }), previous)
    const view = this.plan.views[0]!
    if (view.zones.b.lines !== undefined) {
      this.rewrites++
      this.base = view.zones.b.lines
      this.baseRecords = undefined
    }
    return zonesOf(view, this.baseRecords)
  }
}

const label = fc.constantFrom('a', 'b', 'c')
const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'))
const entry = fc.tuple(fc.boolean(), name).map(([wild, text]) => (wild ? `*.${text}` : text))
const lists = fc.record({ allow: fc.array(entry, { maxLength: 8 }), deny: fc.array(entry, { maxLength: 4 }) })

/** Every name of up to five labels of a small alphabet: entries, their neighbours, what lies between and below. */
const UNIVERSE = (() => {
  const all: string[] = []
  let level = ['']
  for (let depth = 0; depth < 4; depth++) {
    level = level.flatMap((tail) => ['a', 'b', 'c'].map((head) => (tail === '' ? head : `${head}.${tail}`)))
    all.push(...level)
  }
  return [...all, 'z', 'z.a', 'z.a.b', 'z.b.c.a', 'a.z', 'z.a.a.a.a', 'a.b.c.a.b']
})()

const wanted = (policy: NameLists, asked: string) => (judge(policy, asked) ? 'rpz-passthru.' : '.')

describe('RPZ zones of a plan', () => {
  it('answer as the policy judges, for every name around every entry of any policy', () => {
    fc.assert(
      fc.property(lists, (policy) => {
        const zones = new History().commit(policy)
        for (const asked of UNIVERSE) assert.equal(answer(zones, asked), wanted(policy, asked), asked)
      }),
      { numRuns: 150 },
    )
  })

  it('still answer so after any sequence of changes on top of a large base', function () {
    this.timeout(60_000)
    let kept = 0
    fc.assert(
      fc.property(fc.array(lists, { minLength: 2, maxLength: 5 }), (policies) => {
        const history = new History()
        for (const policy of policies) {
          history.commit({ ...policy, allow: [...policy.allow, ...FILLER] })
          const view = history.plan!.views[0]!
          if (view.zones.b.lines === undefined) kept++
          const base = readZone(printed({ ...view.zones.b, lines: linesOf(realEntries(history.base!)) }))
          const zones = zonesOf(
            { ...view, zones: { ...view.zones, b: { ...view.zones.b, lines: linesOf(realEntries(history.base!)) } } },
            base,
          )
          for (const asked of UNIVERSE) assert.equal(answer(zones, asked), wanted(policy, asked), asked)
        }
      }),
      { numRuns: 60 },
    )
    assert.ok(kept > 60, `the base was kept only ${kept} times`)
  })

  it('pass a name that leaves and comes back, and deny it in between, without touching the base', () => {
    const history = new History()
    const before = history.commit({ allow: ['x.test', ...FILLER] })
    assert.equal(before[3]!.has('x.test'), true)
    history.commit({ allow: FILLER })
    assert.equal(history.plan!.views[0]!.zones.r.lines!.bytes.toString(), 'x.test\n')
    history.commit({ allow: ['x.test', ...FILLER] })
    assert.equal(history.plan!.views[0]!.zones.r.entries, 0)
    assert.equal(history.plan!.views[0]!.zones.o.entries, 0)
    assert.equal(history.rewrites, 1)
  })

  it('rewrite the base rather than revoke a wildcard above a name that stays allowed', () => {
    const history = new History()
    history.commit({ allow: ['*.x.test', ...FILLER] })
    const zones = history.commit({ allow: ['a.x.test', ...FILLER] })
    assert.equal(history.rewrites, 2)
    assert.equal(answer(zones, 'a.x.test'), 'rpz-passthru.')
    assert.equal(answer(zones, 'b.x.test'), '.')
  })

  it('rewrite the base when overlay and revocations grow past their bound', () => {
    const many = Array.from({ length: 30_000 }, (_, i) => `m${i}.test`)
    const history = new History()
    history.commit({ allow: many })
    history.commit({ allow: many.slice(0, many.length - many.length / 10) })
    assert.equal(history.rewrites, 1)
    history.commit({ allow: many.slice(0, many.length - many.length / 10 - 1) })
    assert.equal(history.rewrites, 2)
    assert.ok(LARGEST_DRIFT > many.length / 10)
  })

  it('keep every hash and serial when the policy is merely reordered', () => {
    const history = new History()
    history.commit({ allow: FILLER, deny: ['*.ads.test'] })
    const first = history.plan!.state
    history.commit({ allow: [...FILLER].reverse(), deny: ['*.ads.test'] })
    assert.deepEqual(history.plan!.state, first)
  })

  it('raise the serial of a zone whose contents changed, and of no other', () => {
    const history = new History()
    history.commit({ allow: FILLER })
    history.commit({ allow: FILLER, deny: ['f1.filler.test'] })
    const { r, o, b, d } = history.plan!.state.views[0]!.zones
    assert.deepEqual([r.serial, o.serial, b.serial, d.serial], [2, 1, 1, 1])
  })

  it('deny with NODATA where the settings say so, in the deny zone and in the revoke zone', () => {
    const history = new History()
    const zones = history.commit({ allow: ['*.x.test'], deny: ['ads.x.test'] }, { ...SETTINGS, denyAnswer: 'nodata' })
    assert.equal(answer(zones, 'ads.x.test'), '*.')
    assert.equal(answer(zones, 'elsewhere.test'), '*.')
    assert.equal(answer(zones, 'ok.x.test'), 'rpz-passthru.')
  })

  it('hold only what touches an allowance out of a long deny list', () => {
    const deny = [...Array.from({ length: 10_500 }, (_, i) => `ad${i}.ads.test`), 'x.test', 'sub.wild.test']
    const history = new History()
    const zones = history.commit({ allow: ['x.test', '*.wild.test', 'y.test'], deny })
    assert.deepEqual(
      [...zones[1]!.keys()].filter((owner) => !owner.includes('~~')),
      ['x.test', 'sub.wild.test'],
    )
  })

  it('answer to the name of the why page with the listen addresses of both families, before any list is asked', () => {
    const settings = {
      ...SETTINGS,
      whyPage: { name: 'clawgress.internal' },
      listenAddresses: ['10.0.0.1', '2001:db8::1', 'fe80::1'],
    }
    const { zones } = planZones(planOf({ allow: [], deny: ['*.internal'] }, { settings })).views[0]!
    assert.match(
      printed(zones.g),
      /NS localhost\.\nclawgress\.internal A 10\.0\.0\.1\nclawgress\.internal AAAA 2001:db8::1\nh[0-9a-f]{16}\.g\./,
    )
    const without = planZones(planOf({ allow: [] })).views[0]!
    assert.doesNotMatch(printed(without.zones.g), /internal/)
    assert.notEqual(zones.g.hash, without.zones.g.hash)
  })

  it('give each view the lists of its own group', () => {
    const plan = planZones(planOf([{ allow: ['a.test'] }, { allow: ['b.test'] }]))
    assert.deepEqual(
      plan.views.map(({ view }) => view),
      ['g0', 'g1'],
    )
    assert.equal(answer(zonesOf(plan.views[0]!), 'b.test'), '.')
    assert.equal(answer(zonesOf(plan.views[1]!), 'b.test'), 'rpz-passthru.')
  })

  it('end with a canary that carries the contents in its owner, except the deny zone', () => {
    const view = planZones(planOf({ allow: ['a.test'] })).views[0]!
    const other = planZones(planOf({ allow: ['b.test'] })).views[0]!
    for (const zone of ['g', 'r', 'o', 'b'] as const)
      assert.match(
        printed(view.zones[zone]),
        new RegExp(`\nh${view.zones[zone].hash}\\.${zone}\\.~~clawgress TXT "[0-9a-f]{16}"\n$`),
      )
    assert.notEqual(view.zones.b.hash, other.zones.b.hash)
    assert.deepEqual([...readZone(printed(view.zones.d)).keys()], ['*'])
  })

  it('refuse a name that could mean something to named, whoever let it through', () => {
    for (const bad of [
      'a b.test',
      '$INCLUDE',
      'a;.test',
      '@',
      '',
      'a..b',
      '.a',
      'a.',
      'A.test',
      '*',
      'a.*.b',
      'ä.test',
      'a\\.b',
      `${'x'.repeat(64)}.test`,
    ])
      assert.throws(() => planZones(planOf({ allow: ['ok.test', bad] })), /internal\.bug/, bad)
    for (const bad of ['*.*.x', 'x\n$INCLUDE /etc/passwd'])
      assert.throws(() => planZones(planOf({ allow: ['ok.test'], deny: [bad] })), /internal\.bug/, bad)
  })

  it('refuse names that RPZ takes for addresses of answers, servers or clients', () => {
    for (const name of ['32.1.0.0.10.rpz-client-ip', '8.0.0.0.10.rpz-ip', '*.rpz-nsdname', 'x.rpz-nsip', 'rpz-drop'])
      for (const lists of [{ allow: [name] }, { allow: [], deny: [name] }])
        assert.throws(() => planZones(planOf(lists)), /policy\.name/, name)
    planZones(planOf({ allow: ['rpz-ip.test', 'x.rpz', 'rp.z-'] }))
  })

  it('survive being stored and read again', () => {
    const { state } = planZones(planOf({ allow: ['a.test'] }))
    assert.deepEqual(parseZoneState(JSON.stringify(state)), state)
    assert.throws(() => parseZoneState('{"format":1}'), /internal\.bug/)
    assert.throws(() => parseZoneState('nonsense'), /internal\.bug/)
  })
})

/** The base without the filler, which the universe never asks for: the naive look-up is quadratic. */
const realEntries = (lines: EntryLines): string[] =>
  lines.bytes
    .toString()
    .split('\n')
    .filter((line) => line !== '' && !line.endsWith('.filler.test'))
