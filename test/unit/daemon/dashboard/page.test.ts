import assert from 'node:assert/strict'
import fc from 'fast-check'
import { slotsOf, spikesOf, stackOf } from '../../../../src/daemon/dashboard/page/denial-slots.ts'
import { type ServerEvent, serverEvents } from '../../../../src/daemon/dashboard/page/event-stream.ts'
import { formatBytes, formatChange, formatDuration } from '../../../../src/daemon/dashboard/page/format.ts'

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
})
