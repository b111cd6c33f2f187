import assert from 'node:assert/strict'
import fc from 'fast-check'
import { clientKey } from '../../../../src/base/address.ts'
import { Evaluators } from '../../../../src/daemon/alerts/evaluators.ts'
import { FirstDenials, MAX_CLIENTS, MOST_SINGLE, NEW_MS } from '../../../../src/daemon/alerts/first-denials.ts'
import { RuleEvaluator } from '../../../../src/daemon/alerts/rule-evaluator.ts'
import { type AlertRule, NO_ALERT_SETTINGS } from '../../../../src/daemon/alerts/settings.ts'
import { SlidingCount } from '../../../../src/daemon/alerts/sliding-count.ts'
import { FLOOR, learn, limitOf, ViolationSpike } from '../../../../src/daemon/alerts/violation-spike.ts'
import { cpuTimeOf } from '../../../support/cpu-time.ts'
import { denial } from './records.ts'

const MINUTE = 60_000

describe('a sliding count', () => {
  it('holds what came within its length, give or take a step', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3_000), fc.nat(5)), { maxLength: 100 }), (steps) => {
        const count = new SlidingCount(10_000, 0, 10)
        const seen: { at: number; amount: number }[] = []
        let time = 0
        for (const [pause, amount] of steps) {
          time += pause
          count.add(amount, time)
          seen.push({ at: time, amount })
          const within = (length: number) =>
            seen.filter(({ at }) => at > time - length).reduce((sum, each) => sum + each.amount, 0)
          const sum = count.sum(time)
          assert.ok(within(9_000) <= sum && sum <= within(10_001), `${within(9_000)} ${sum} ${within(10_001)}`)
        }
      }),
    )
  })
})

describe('a rule', () => {
  const rule: AlertRule = {
    name: 'many',
    reasons: ['dns.denied'],
    groups: ['ci'],
    threshold: 3,
    intervalSeconds: 60,
    syslog: true,
  }
  const isMet = (evaluator: RuleEvaluator, monotonic: number) => (evaluator.evaluate(monotonic) ?? []).length > 0

  it('counts the denials of its reasons and groups, joined ones as often as they came', () => {
    const evaluator = new RuleEvaluator(rule, 0)
    evaluator.take(denial({ reason: 'dns.denied' }), 1)
    evaluator.take(denial({ group: 'ci' }), 1)
    evaluator.take(denial({ group: 'ci', reason: 'dns.denied', count: 2 }), 1)
    assert.equal(isMet(evaluator, 2), false)
    evaluator.take(denial({ group: 'ci', reason: 'dns.denied', event: 'repeats' }), 2)
    assert.equal(isMet(evaluator, 3), true)
    assert.equal(isMet(evaluator, 62_000), false)
  })

  it('says that it does not know before it has watched for an interval', () => {
    const evaluator = new RuleEvaluator(rule, 0)
    assert.equal(evaluator.evaluate(59_000), undefined)
    assert.deepEqual(evaluator.evaluate(60_000), [])
  })

  it('goes on counting where a commit leaves it as it was', () => {
    const evaluators = new Evaluators('/nonexistent', 0)
    const settings = { ...NO_ALERT_SETTINGS, rules: [rule] }
    evaluators.use(settings, 0)
    for (let i = 0; i < 3; i++) evaluators.take(denial({ group: 'ci', reason: 'dns.denied' }), Date.now(), 1)
    evaluators.use({ ...settings, silenced: ['service.down'] }, 2)
    const sights = { sight: undefined, live: undefined, now: Date.now(), monotonic: 3 }
    assert.equal(evaluators.evaluate(sights).get('rule.many')?.length, 1)
    assert.equal(evaluators.evaluate(sights).has('services'), false)
  })

  it('does not see what is read long after it happened', () => {
    const evaluators = new Evaluators('/nonexistent', 0)
    evaluators.use({ ...NO_ALERT_SETTINGS, rules: [{ ...rule, reasons: [], groups: [], threshold: 1 }] }, 0)
    const sights = { sight: undefined, live: undefined, now: Date.now(), monotonic: 3 }
    evaluators.take(denial({ time: '2026-01-01T00:00:00.000Z' }), Date.parse('2026-01-01T00:10:00Z'), 1)
    assert.equal(evaluators.evaluate(sights).get('rule.many'), undefined)
    // A clock that was set back makes it come from the future.
    evaluators.take(denial({ time: '2026-01-01T00:00:00.000Z' }), Date.parse('2025-01-01T00:00:00Z'), 1)
    assert.equal(evaluators.evaluate(sights).get('rule.many')?.length, 1)
  })
})

describe('a violation spike', () => {
  /** Denials in each of some minutes; in which minutes there was a spike. */
  const spikes = (minutes: readonly number[], spike = new ViolationSpike()): number[] => {
    const found: number[] = []
    minutes.forEach((count, minute) => {
      for (let second = 0; second < 60; second += 5) {
        const monotonic = minute * MINUTE + second * 1_000
        const share = Math.floor((count * (second + 5)) / 60) - Math.floor((count * second) / 60)
        if (share > 0) spike.take(denial({ count: share }), monotonic)
        if (spike.evaluate(monotonic + 100).length > 0 && found.at(-1) !== minute) found.push(minute)
      }
    })
    return found
  }

  it('is far more than usual, in one group', () => {
    assert.deepEqual(spikes([...Array(30).fill(20), 200, ...Array(10).fill(20)]), [30, 31])
  })

  it('is none below a floor, however quiet it was before', () => {
    assert.deepEqual(spikes([...Array(30).fill(0), FLOOR - 1]), [])
  })

  it('is none where it is always so loud', () => {
    const loud = Array.from({ length: 60 }, (_, i) => 900 + 100 * (i % 3))
    assert.deepEqual(
      spikes(loud).filter((minute) => minute > 2),
      [],
    )
  })

  it('becomes usual where it stays', () => {
    const found = spikes([...Array(60).fill(10), ...Array(120).fill(500)])
    assert.ok(found.length > 3 && found.at(-1)! < 130, String(found))
  })

  it('is judged by what was usual before a restart', () => {
    const before = new ViolationSpike()
    spikes(Array(60).fill(300), before)
    const after = new ViolationSpike()
    after.restore(before.baselines, 0)
    assert.deepEqual(spikes([400], after), [])
    assert.deepEqual(spikes([400]), [0])
  })

  it('has a limit that no minute can break', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10_000_000), { maxLength: 100 }), (minutes) => {
        const learnt = minutes.reduce(learn, { minutes: 0, mean: 0, variance: 0 })
        assert.ok(Number.isFinite(limitOf(learnt)) && limitOf(learnt) >= FLOOR && learnt.variance >= 0)
      }),
    )
  })
})

describe('a first denial', () => {
  const HOUR = 3_600_000
  const clients = (first: FirstDenials, monotonic: number) =>
    first.evaluate(monotonic).map(({ labels }) => labels.client)
  const denied = (first: FirstDenials, at: number, ...addresses: string[]) => {
    for (const client of addresses) first.take(denial({ client }), at)
  }

  it('is told once a client, for some minutes, over both families', () => {
    const first = new FirstDenials(0, 0)
    for (let i = 0; i < 3; i++) {
      first.take(denial({ client: '10.77.0.2' }), 0)
      first.take(denial({ client: 'fd77:1::2', name: `n${i}.example` }), 0)
    }
    assert.deepEqual(clients(first, 1), ['10.77.0.2', 'fd77:1::2'])
    assert.match(first.evaluate(1)[1]!.summary, /fd77:1::2 .* n0\.example/)
    assert.deepEqual(clients(first, NEW_MS), [])
  })

  it('is told once of a client that changes its IPv6 address again and again', () => {
    const first = new FirstDenials(0, 0)
    for (let i = 1; i < 5_000; i++) first.take(denial({ client: `fd77:1::${i.toString(16)}` }), i)
    first.take(denial({ client: 'fd77:2::1' }), 5_000)
    assert.deepEqual(clients(first, 5_001), ['fd77:1::1', 'fd77:2::1'])
    assert.equal(first.clients.length, 2)
  })

  it('is none for a client that is known from before a restart, nor without a name', () => {
    const first = new FirstDenials(0, 0)
    first.restore(['10.77.0.2', 'fd77:1::'], 0)
    denied(first, 0, '10.77.0.2', 'fd77:1::2')
    const { name: _, ...packet } = denial({ client: '10.77.0.3', reason: 'net.not-pinned' })
    first.take(packet, 0)
    assert.deepEqual(clients(first, 1), [])
    assert.equal(first.isChanged, false)
  })

  it('is learnt and not told on a new gateway, as long as it has watched too little, over restarts', () => {
    const first = new FirstDenials(24, 0)
    denied(first, 1, '10.0.0.1')
    assert.deepEqual(clients(first, 10 * HOUR), [])
    const next = new FirstDenials(24, 5_000)
    next.restore(first.clients, first.watchedMs)
    assert.equal(next.learningLeftMs, 14 * HOUR)
    denied(next, 6_000, '10.0.0.2')
    assert.deepEqual(clients(next, 5_000 + 14 * HOUR), [])
    assert.equal(next.learningLeftMs, 0)
    denied(next, 15 * HOUR, '10.0.0.1', '10.0.0.2', '10.0.0.3')
    assert.deepEqual(clients(next, 15 * HOUR), ['10.0.0.3'])
    next.useLearning(48)
    denied(next, 15 * HOUR, '10.0.0.4')
    assert.deepEqual(clients(next, 15 * HOUR), ['10.0.0.3'])
  })

  it('of many clients of a group is one alert with their number, and does not hide another group', () => {
    const first = new FirstDenials(0, 0)
    const many = Array.from({ length: 200 }, (_, i) => `10.0.1.${i}`)
    denied(first, 0, ...many)
    first.take(denial({ client: '10.0.2.1', group: 'ci' }), 0)
    const told = first.evaluate(1)
    assert.deepEqual(
      told.map(({ labels }) => labels),
      [...many.slice(0, MOST_SINGLE).map((client) => ({ client, group: 'default' })), { group: 'default' }].concat({
        client: '10.0.2.1',
        group: 'ci',
      }),
    )
    assert.match(told[MOST_SINGLE]!.summary, /^200 clients of group default .* the newest is 10\.0\.1\.199/)
    // One more now and then tells nobody anew, and keeps it from being over.
    denied(first, NEW_MS - 1, '10.0.3.1')
    assert.deepEqual(
      first.evaluate(NEW_MS + 1).map(({ labels }) => labels),
      [{ group: 'default' }],
    )
    assert.deepEqual(first.evaluate(3 * NEW_MS), [])
  })

  it('is told of a bounded number of groups', () => {
    const first = new FirstDenials(0, 0)
    for (let i = 0; i < 1_000; i++) first.take(denial({ client: `10.0.${i >> 8}.${i & 255}`, group: `g${i}` }), 0)
    assert.ok(first.evaluate(1).length <= 51 + MOST_SINGLE)
  })

  it('costs a record of a known client less than reading its address', () => {
    const records = Array.from({ length: 250 }, (_, i) => denial({ client: `fd77:1:0:${i.toString(16)}::2` }))
    const first = new FirstDenials(0, 0)
    const took = (work: (record: (typeof records)[number]) => void) =>
      cpuTimeOf(() => {
        for (let i = 0; i < 25_000; i++) work(records[i % records.length]!)
      })
    const reading = took(({ client }) => clientKey(client!))
    const taking = took((record) => first.take(record, 0))
    assert.ok(taking < reading / 2, `${taking} µs, and ${reading} µs to read addresses`)
  })

  it('forgets whoever was refused longest ago when there are too many', () => {
    const first = new FirstDenials(0, 0)
    const address = (i: number) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`
    denied(first, 0, '192.0.2.1', '192.0.2.2')
    for (let i = 0; i < MAX_CLIENTS; i++) {
      first.take(denial({ client: address(i) }), 0)
      if (i % 100 === 0) first.take(denial({ client: '192.0.2.2' }), 0)
    }
    assert.equal(first.clients.length, MAX_CLIENTS)
    assert.deepEqual([first.clients.includes('192.0.2.1'), first.clients.includes('192.0.2.2')], [false, true])
  })
})
