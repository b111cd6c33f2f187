import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type Alert, alertShape, type Condition } from '../../../../src/daemon/alerts/alert.ts'
import {
  AlertBook,
  MAX_ALERTS,
  MAX_FIRING_PER_EVENT,
  MAX_QUIET_MS,
  QUIET_MS,
} from '../../../../src/daemon/alerts/alert-book.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')

const condition = (fields: Partial<Condition> = {}): Condition => ({
  event: 'service.down',
  labels: { service: 'clawgress-pinner' },
  severity: 'critical',
  summary: 'It is down.',
  description: 'Restart it.',
  ...fields,
})

describe('the book of alerts', () => {
  let book: AlertBook
  beforeEach(() => {
    book = new AlertBook()
  })
  const see = (conditions: readonly Condition[] | undefined, monotonic: number, now = NOW + monotonic): Alert[] =>
    book.update('services', conditions, now, monotonic)
  const states = (alerts: readonly Alert[]) => alerts.map(({ state }) => state)

  it('tells of what lasts, once, and of its end after a quiet while', () => {
    const slow = condition({ forMs: 10_000 })
    assert.deepEqual(see([slow], 0), [])
    assert.deepEqual(see([slow], 9_999), [])
    const [begun] = see([slow], 10_000)
    assert.deepEqual([begun!.state, begun!.startsAt], ['firing', '2026-11-22T12:00:10.000Z'])
    assert.deepEqual(see([condition({ summary: 'Still down.' })], 11_000), [])
    assert.equal(book.firing[0]!.summary, 'Still down.')
    assert.deepEqual(see([], 11_000 + QUIET_MS - 1), [])
    const [ended] = see([], 11_000 + QUIET_MS)
    assert.deepEqual([ended!.state, ended!.fingerprint], ['resolved', begun!.fingerprint])
    assert.deepEqual(book.firing, [])
  })

  it('does not tell of what does not last', () => {
    const slow = condition({ forMs: 10_000 })
    see([slow], 0)
    see([], 5_000)
    assert.deepEqual(see([slow], 9_000), [])
    assert.deepEqual(see([slow], 18_999), [])
    assert.deepEqual(states(see([slow], 19_000)), ['firing'])
  })

  it('takes what comes and goes for one alert', () => {
    assert.deepEqual(states(see([condition()], 0)), ['firing'])
    for (let time = 1_000; time < 10 * QUIET_MS; time += QUIET_MS / 2)
      assert.deepEqual(see(time % QUIET_MS < QUIET_MS / 2 ? [condition()] : [], time), [])
  })

  it('tells less and less often of what comes back again and again, and as before when it was quiet for an hour', () => {
    const told: number[] = []
    const day = 86_400_000
    for (let time = 0; time < day; time += 1_000) {
      const changed = see(time % 150_000 === 0 ? [condition()] : [], time)
      if (changed.length > 0) told.push(time)
    }
    assert.deepEqual(states(book.firing), ['firing'])
    assert.ok(told.length <= 5, String(told))
    // Seen last 150 s before, and for the third time.
    assert.deepEqual(see([], day + 4 * QUIET_MS - 150_001), [])
    assert.deepEqual(states(see([], day + 4 * QUIET_MS - 150_000)), ['resolved'])
    const later = day + 3_600_000
    see([condition()], later)
    assert.deepEqual(states(see([], later + QUIET_MS)), ['resolved'])
  })

  it('is over sixteen minutes after it was seen last, however often it came back', () => {
    let time = 0
    for (let i = 0; i < 30; i++) {
      assert.deepEqual(states(see([condition()], time)), ['firing'])
      time += MAX_QUIET_MS
      assert.deepEqual(states(see([], time)), ['resolved'])
    }
  })

  it('ends nothing while nobody knows', () => {
    see([condition()], 0)
    for (let time = 1_000; time < 5 * QUIET_MS; time += 1_000) assert.deepEqual(see(undefined, time), [])
    assert.deepEqual(see([], 5 * QUIET_MS), [])
    assert.deepEqual(states(see([], 6 * QUIET_MS)), ['resolved'])
  })

  it('is moved by no jump of the wall clock, in either direction', () => {
    const slow = condition({ forMs: 10_000 })
    see([slow], 0)
    const year = 365 * 86_400_000
    assert.deepEqual(see([slow], 1_000, NOW + year), [])
    assert.deepEqual(states(see([slow], 10_000, NOW - year)), ['firing'])
    assert.deepEqual(see([], 11_000, NOW + year), [])
    const [ended] = see([], 10_000 + QUIET_MS, NOW - 2 * year)
    assert.ok(ended!.endsAt! >= ended!.startsAt, `${ended!.startsAt} to ${ended!.endsAt}`)
  })

  it('goes on after a restart, and ends then what is over', () => {
    const [begun] = see([condition()], 0)
    const next = new AlertBook()
    next.restore([begun!], 0)
    assert.deepEqual(next.update('services', [condition()], NOW, 1_000), [])
    assert.deepEqual(states(next.update('services', [], NOW, 1_000 + QUIET_MS)), ['resolved'])
  })

  it('ends at once what its source knows to be over, and not what it merely does not see', () => {
    see([condition()], 0)
    assert.deepEqual(see([], 1_000), [])
    assert.deepEqual(states(book.update('services', 'over', NOW, 2_000)), ['resolved'])
    assert.deepEqual(book.update('services', 'over', NOW, 3_000), [])
    assert.deepEqual(states(see([condition()], 4_000)), ['firing'])
  })

  it('ends at once what no source stands for any more', () => {
    see([condition()], 0)
    assert.deepEqual(book.keepSources(new Set(['services']), NOW), [])
    assert.deepEqual(states(book.keepSources(new Set(['other']), NOW)), ['resolved'])
  })

  it('leaves room for other alerts where one storms, and counts what it left out', () => {
    const storm = Array.from({ length: 3 * MAX_FIRING_PER_EVENT }, (_, i) =>
      condition({ event: 'client.first-denial', labels: { client: String(i) } }),
    )
    assert.equal(see(storm, 0).length, MAX_FIRING_PER_EVENT)
    see(storm, 1_000)
    assert.equal(book.leftOut, 2 * MAX_FIRING_PER_EVENT)
    assert.deepEqual(states(book.update('kernel', [condition({ event: 'generation.not-proven' })], NOW, 1_000)), [
      'firing',
    ])
  })

  it('stays bounded and valid whatever it is told', () => {
    const conditions = fc.array(
      fc.record({
        event: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'),
        labels: fc.dictionary(fc.constantFrom('client', 'name'), fc.string({ unit: 'binary', maxLength: 2_000 })),
        summary: fc.string({ unit: 'binary', maxLength: 4_000 }),
      }),
      { maxLength: 40 },
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(conditions, fc.nat(200_000)), { maxLength: 20 }), (steps) => {
        const any = new AlertBook()
        let monotonic = 0
        for (const [seen, pause] of steps) {
          monotonic += pause
          any.update('any', seen.map(condition), NOW, monotonic)
          const all = [...any.firing, ...any.resolved]
          assert.ok(all.length <= MAX_ALERTS)
          for (const alert of all) alertShape.parse(alert)
        }
      }),
      { numRuns: 40 },
    )
  })
})
