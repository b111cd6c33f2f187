import assert from 'node:assert/strict'
import fc from 'fast-check'
import { labelledStarts } from '../../../../src/daemon/dashboard/page/chart-labels.ts'
import { slotsOf, spikesOf, stackOf } from '../../../../src/daemon/dashboard/page/denial-slots.ts'
import { type ServerEvent, serverEvents } from '../../../../src/daemon/dashboard/page/event-stream.ts'
import {
  formatBytes,
  formatChange,
  formatDuration,
  withLocalTimes,
} from '../../../../src/daemon/dashboard/page/format.ts'
import { printable } from '../../../../src/daemon/dashboard/page/printable.ts'
import { summaryOf } from '../../../../src/daemon/dashboard/page/record-text.ts'

const point = (time: number, denialsByReason: Record<string, number>, denials?: number) => ({
  time: new Date(time).toISOString(),
  total: {
    denials: denials ?? Object.values(denialsByReason).reduce((sum, count) => sum + count, 0),
    denialsByReason,
  },
})

describe('denials on the dashboard', () => {
  it('stand in spans without holes, the present one last', () => {
    const slots = slotsOf([point(65_000, { a: 2 }), point(119_000, { a: 1, b: 1 })], 60_000, 300_000, 250_000)
    assert.deepEqual(
      slots.map(({ start, total }) => [start, total]),
      [
        [0, 0],
        [60_000, 4],
        [120_000, 0],
        [180_000, 0],
        [240_000, 0],
      ],
    )
    assert.deepEqual(slots[1]!.byReason, { a: 3, b: 1 })
  })

  it('are a spike where there are far more than usual, and ten at least', () => {
    const slots = (...totals: number[]) => totals.map((total, i) => ({ start: i, total, byReason: { a: total } }))
    assert.deepEqual(spikesOf(slots(5, 6, 60, 4, 5)), [{ start: 2, total: 60, usual: 5 }])
    assert.deepEqual(spikesOf(slots(0, 0, 9, 0, 0)), [])
    assert.deepEqual(spikesOf(slots(50, 60, 70, 65, 55)), [])
    assert.deepEqual(spikesOf([]), [])
  })

  it('are no spike by day for being more than by night, and one where a day has far more than other days', () => {
    const week: readonly number[] = Array.from({ length: 28 }, (_, i) => (i % 4 < 2 ? 150 : 600))
    const slots = (totals: readonly number[]) => totals.map((total, i) => ({ start: i, total, byReason: { a: total } }))
    assert.deepEqual(spikesOf(slots(week)), [])
    assert.deepEqual(spikesOf(slots(week.with(22, 3_400).with(23, 2_000))), [
      { start: 22, total: 3_400, usual: 600 },
      { start: 23, total: 2_000, usual: 600 },
    ])
  })

  it('are stacked so that nothing is lost: the reasons of a span make up its total', () => {
    const reasons = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'), fc.nat(1000), { maxKeys: 8 })
    fc.assert(
      fc.property(fc.array(fc.tuple(reasons, fc.nat(50)), { minLength: 1, maxLength: 8 }), (spans) => {
        const slots = spans.map(([byReason, unexplained], start) => ({
          start,
          byReason,
          total: Object.values(byReason).reduce((sum, count) => sum + count, unexplained),
        }))
        const stack = stackOf(slots)
        assert.ok(stack.reasons.length <= 7)
        slots.forEach(({ total }, at) => {
          assert.equal(
            stack.counts.reduce((sum, counts) => sum + counts[at]!, 0),
            total,
          )
        })
      }),
    )
  })
})

describe('labels of the chart on the dashboard', () => {
  const HOUR = 3_600_000
  const startsOf = (stepMs: number, count: number) => Array.from({ length: count }, (_, i) => i * stepMs)
  const ahead = (hours: number) => () => hours * HOUR

  it('stand at full hours of the place, as many as there is room for', () => {
    const hours = (offset: number, most: number) =>
      labelledStarts(startsOf(HOUR, 24), HOUR, most, ahead(offset)).map((start) => (start / HOUR + offset) % 24)
    assert.deepEqual(hours(0, 24), [...Array(24).keys()])
    assert.deepEqual(hours(1, 4.5), [6, 12, 18, 0])
    assert.deepEqual(hours(5.5, 8.1), [6.5, 9.5, 12.5, 15.5, 18.5, 21.5, 0.5, 3.5])
  })

  it('name each day once at most, by the step that begins it there', () => {
    const days = (offset: number, most: number) =>
      labelledStarts(startsOf(6 * HOUR, 28), 6 * HOUR, most, ahead(offset)).map((start) =>
        Math.floor((start / HOUR + offset) / 24),
      )
    for (const offset of [-11, -3.5, 0, 1, 5.75, 14]) {
      assert.deepEqual([...new Set(days(offset, 28))], days(offset, 28))
      assert.ok(days(offset, 28).length >= 6)
    }
    assert.deepEqual(days(0, 4), [0, 2, 4, 6])
  })

  it('are never more than there is room for', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(60_000, 300_000, HOUR, 6 * HOUR),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 2, max: 30 }),
        fc.integer({ min: -48, max: 56 }),
        (stepMs, count, most, quarters) => {
          const starts = startsOf(stepMs, count)
          const labelled = labelledStarts(starts, stepMs, most, ahead(quarters / 4))
          assert.ok(labelled.length <= Math.ceil(most))
          assert.ok(labelled.every((start) => starts.includes(start)))
        },
      ),
    )
  })
})

describe('text of others on the dashboard', () => {
  it('shows by number what is invisible or turns the direction of writing, and nothing else', () => {
    assert.equal(
      printable('safe\u202egnp.exe\u200b\u0000\u2028\ufeff'),
      'safe\\u{202e}gnp.exe\\u{200b}\\u{0000}\\u{2028}\\u{feff}',
    )
    assert.equal(printable('\u{e0041}\ud800'), '\\u{e0041}\\u{d800}')
    for (const text of ['münchen.example → 62.30.1.1', 'שלום', '名前', '😀', 'a\n\tb', '<b>&amp;</b>'])
      assert.equal(printable(text), text)
  })

  it('never holds control or formatting characters afterwards, and stays as it is when done again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        const shown = printable(text)
        assert.doesNotMatch(shown, /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
        assert.equal(printable(shown), shown)
      }),
    )
  })
})

describe('a search on the dashboard', () => {
  const searchedTo = '2026-01-01T00:00:00.000Z'
  it('says that nothing is recorded only where everything was searched', () => {
    assert.equal(summaryOf('a.test', [], null, false), 'Nothing is recorded of a.test.')
    assert.match(summaryOf('a.test', [], searchedTo, true), /^No record of a\.test so far\. Searched back to /)
  })

  it('says back to when it has searched beside what it has found', () => {
    const found = [{ schema: 'clawgress.decision/1' }] as unknown as Parameters<typeof summaryOf>[1]
    assert.equal(summaryOf('a.test', found, null, true), '1 record of a.test, 1 of them denials; newest first.')
    assert.match(summaryOf('a.test', found, searchedTo, true), /newest first\. Searched back to .*; there may be older/)
  })
})

describe('the event stream of the dashboard', () => {
  const read = async (...parts: string[]): Promise<ServerEvent[]> => {
    const body = (async function* () {
      for (const part of parts) yield Buffer.from(part, 'latin1')
    })()
    const events: ServerEvent[] = []
    for await (const event of serverEvents(body)) events.push(event)
    return events
  }

  it('gives events whole, however the network cuts them, and no comments', async () => {
    const text = Buffer.from(
      ': open\n\nevent: record\ndata: {"a":"ü"}\n\n: still here\n\nevent: omitted\ndata: 7\n\n',
    ).toString('latin1')
    const whole = [
      { event: 'record', data: '{"a":"ü"}' },
      { event: 'omitted', data: '7' },
    ]
    assert.deepEqual(await read(text), whole)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(text.length), { maxLength: 8 }), async (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), text.length]
        assert.deepEqual(await read(...places.slice(1).map((end, at) => text.slice(places[at], end))), whole)
      }),
      { numRuns: 50 },
    )
  })

  it('ends at an event that never ends', async () => {
    await assert.rejects(read('x'.repeat(2 << 20)), /too long/)
  })
})

describe('numbers on the dashboard', () => {
  it('are short and say what they count', () => {
    assert.deepEqual([0, 999, 1000, 123_456, 1e15].map(formatBytes), ['0 B', '999 B', '1.0 kB', '123 kB', '1.0 PB'])
    assert.deepEqual([0, 61_000, 3_600_000, 90_000_000].map(formatDuration), ['0 s', '1 min 1 s', '1 h', '1 d 1 h'])
    assert.deepEqual(['+2 -0 ~1', '+0 -0 ~0', 'no difference'].map(formatChange), [
      '2 added, 1 changed',
      'no difference',
      'no difference',
    ])
  })

  it('are times of the reader, also inside sentences of the gateway', () => {
    const time = new Date(2026, 0, 2, 3, 4, 5)
    assert.equal(withLocalTimes(`${time.toISOString()}: it is stopped.`), '2026-01-02 03:04:05: it is stopped.')
    assert.equal(withLocalTimes('until 2026-99-99T00:00'), 'until 2026-99-99T00:00')
  })
})
