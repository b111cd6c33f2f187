import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { NOTHING_COUNTED, RisingCounters, TotalsFile } from '../../../../src/daemon/telemetry/sources/rising-counter.ts'
import { tempFolder } from '../temp-folder.ts'

const look = (counters: RisingCounters, total: number, epoch?: number) =>
  counters.added(new Map([['a', total]]), epoch).get('a') ?? 0

describe('counters that only rise', () => {
  const folder = tempFolder()

  it('give what was added; the first look alone only where nothing was kept and something may have been told', () => {
    const counters = new RisingCounters()
    assert.deepEqual([look(counters, 100), look(counters, 130), look(counters, 20)], [0, 30, 20])
    assert.equal(look(new RisingCounters(NOTHING_COUNTED), 100), 100)
  })

  it('give what was added while no program looked, also where another table began anew meanwhile', () => {
    const file = new TotalsFile(join(folder(), 'totals'))
    assert.equal(file.read(), undefined)
    const before = new RisingCounters(NOTHING_COUNTED)
    look(before, 100, 7)
    file.write({ before, never: new RisingCounters() })
    const kept = file.read()
    assert.deepEqual(Object.keys(kept!), ['before'])
    const next = () => new RisingCounters(kept!.before)
    assert.deepEqual([look(next(), 130, 7), look(next(), 130, 8)], [30, 130])
  })

  it('are as good as not kept where the file is damaged', () => {
    const path = join(folder(), 'damaged')
    writeFileSync(path, '{"a":{"totals":{"a":-1')
    assert.equal(new TotalsFile(path).read(), undefined)
  })
})
