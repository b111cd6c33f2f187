import assert from 'node:assert/strict'
import type { DecisionRecord } from '../../../../src/daemon/records/kinds/record.ts'
import { Tally } from '../../../../src/daemon/records/tally.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const T = Date.parse('2026-11-22T12:00:30Z')

describe('the denials of the last hour', () => {
  it('are counted by reason, and forgotten after an hour', () => {
    const tally = new Tally()
    tally.add('net.port', T)
    tally.add('dns.denied', T + 30 * MINUTE)
    assert.deepEqual(tally.lastHour(T + 59 * MINUTE), { 'net.port': 1, 'dns.denied': 1 })
    assert.deepEqual(tally.lastHour(T + HOUR), { 'dns.denied': 1 })
    assert.deepEqual(tally.lastHour(T + 90 * MINUTE), {})
  })

  it('keep their age when the clock is set back, by however much', () => {
    for (const back of [10_000, MINUTE, 5 * HOUR, 365 * 24 * HOUR]) {
      const tally = new Tally()
      tally.add('net.port', T)
      tally.add('net.port', T + 30 * MINUTE)
      const now = T + 30 * MINUTE - back
      assert.deepEqual(tally.lastHour(now), { 'net.port': 2 })
      tally.add('dns.denied', now)
      assert.deepEqual(tally.lastHour(now + 31 * MINUTE), { 'net.port': 1, 'dns.denied': 1 })
      assert.deepEqual(tally.lastHour(now + 61 * MINUTE), {})
    }
  })

  it('are learnt from the log, also where it says what is yet to come', async () => {
    const record = (time: number, event = 'decision') =>
      ({ event, reason: 'net.port', time: new Date(time).toISOString() }) as DecisionRecord
    const tally = new Tally()
    async function* log() {
      yield record(T + 5 * HOUR)
      yield record(T - 1_000)
      yield record(T - 2_000, 'repeats')
      yield record(T - 2 * HOUR)
      throw new Error('read on beyond an hour')
    }
    await tally.seed(log(), T)
    assert.deepEqual(tally.lastHour(T), { 'net.port': 2 })
    assert.deepEqual(tally.lastHour(T + HOUR), {})
  })

  it('take constant memory, whatever the clock does', () => {
    const tally = new Tally()
    for (let i = 0; i < 10_000; i++) tally.add('net.port', T + ((i * 7_919) % 1_000) * MINUTE)
    const minutes = Object.values(tally).find((value) => value instanceof Map) as Map<number, unknown>
    assert.ok(minutes.size <= 60, String(minutes.size))
  })
})
