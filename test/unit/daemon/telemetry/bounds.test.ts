import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { DIMENSION_LIMITS } from '../../../../src/daemon/telemetry/measures.ts'
import { Telemetry } from '../../../../src/daemon/telemetry/telemetry.ts'
import { tempFolder } from '../temp-folder.ts'

const SECOND = 1000
const HOUR = 3600 * SECOND

/** Memory in use, without what waits to be collected. */
function settledMemory(): NodeJS.MemoryUsage {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage()
}

const cpuTime = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/**
 * How long `work` took, and how long nothing else ran at most meanwhile; milliseconds. Time in which a busy machine ran
 * somebody else is nobody's work.
 */
async function heldUp(work: () => Promise<unknown>): Promise<{ total: number; longest: number }> {
  let [last, lastCpu, total, longest, isDone] = [performance.now(), cpuTime(), 0, 0, false]
  const done = work().finally(() => {
    isDone = true
  })
  while (!isDone) {
    await setImmediate()
    const [now, cpu] = [performance.now(), cpuTime()]
    const worked = Math.min(now - last, cpu - lastCpu)
    total += worked
    longest = Math.max(longest, worked)
    ;[last, lastCpu] = [now, cpu]
  }
  await done
  return { total, longest }
}

describe('the room that telemetry takes', () => {
  const folder = tempFolder()

  it('is bounded: more clients and names than that, every one busy in every step', async function () {
    this.timeout(60_000)
    const path = join(mkdtempSync(join(folder(), 'run-')), 'telemetry.db')
    let now = Date.parse('2026-11-22T12:00:00Z')
    const before = settledMemory()
    const telemetry = new Telemetry(path, now, now)
    await telemetry.settled()
    const clients = DIMENSION_LIMITS.client + 1000
    const names = DIMENSION_LIMITS.name + 10_000
    let events = 0
    // Each step has every client and name once.
    for (let step = 0; step < 6; step++) {
      for (let i = 0; i < names; i++) {
        telemetry.addDenials(
          { client: `c${i % clients}`, group: `g${i % 100}`, name: `name-${i}.example` },
          'dns.denied',
          1,
        )
        events++
      }
      now += step < 4 ? 6 * HOUR : 300 * SECOND
      telemetry.tick(now, now)
      await telemetry.settled()
    }
    const week = await telemetry.query({ window: '7d', by: 'name', top: 3 })
    assert.equal((await telemetry.query({ window: '7d' })).total.denials, events, 'the whole is exact')
    assert.ok(week.rows.length + week.more <= DIMENSION_LIMITS.name)
    assert.ok((await telemetry.query({ window: '7d', by: 'client' })).more <= DIMENSION_LIMITS.client)
    assert.ok(telemetry.refused > 0)
    const { heapUsed, arrayBuffers } = settledMemory()
    const taken = (heapUsed + arrayBuffers - before.heapUsed - before.arrayBuffers) / 2 ** 20
    // 40 octets a row and 9 a reason at the most, for 21 000 rows a step; the entries' texts and the open tables beside them.
    assert.ok(taken < 60, `${taken} MiB`)
    telemetry.close()

    const again = new Telemetry(path, now, now)
    const early = await again.query({ window: '7d' })
    assert.equal(early.isLoading, true, 'nobody waits for what is still being read')
    assert.ok(early.total.denials! < events)
    for (const work of [() => again.settled(), () => again.query({ window: '7d', by: 'name', top: 1000 })]) {
      const { total, longest } = await heldUp(work)
      assert.ok(longest < Math.max(50, total / 3), `held up ${longest} of ${total} ms`)
    }
    const late = await again.query({ window: '7d' })
    assert.deepEqual([late.isLoading, late.total.denials], [undefined, events])
    again.close()
  })
})
