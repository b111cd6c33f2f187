import assert from 'node:assert/strict'
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { layoutBelow, runtimePaths } from '../../../../src/base/layout.ts'
import { GuardWatch } from '../../../../src/daemon/guard-watch.ts'
import { type OmissionRecord, Omissions, omissionRecord } from '../../../../src/daemon/records/kinds/omission-record.ts'
import { Records } from '../../../../src/daemon/records/records.ts'
import { until } from '../../../../src/standalone/lab/until.ts'
import { SmallDisk } from '../../../e2e/support/small-disk.ts'
import { tempFolder } from '../temp-folder.ts'

describe('what the records lack', () => {
  const folder = tempFolder()

  it('is told once a second at most, as what was added', () => {
    const omissions = new Omissions()
    const told = (rate: number, disk: number, now: number) =>
      omissions.take({ rate, disk }, now).map(({ event, count }) => [event, count])
    assert.deepEqual(told(100, 0, 10_000), [], 'what was before this program began is not known')
    assert.deepEqual(told(150, 3, 10_500), [])
    assert.deepEqual(told(150, 3, 11_500), [
      ['rate', 50],
      ['disk', 3],
    ])
    assert.deepEqual(told(20, 3, 13_000), [['rate', 20]], 'the table was loaded anew')
  })

  it('is told of syslog for as long as more is lost than what tells it', () => {
    const omissions = new Omissions()
    let lost = 0
    const told: number[] = []
    // What tells a loss is lost in the next second, too.
    const second = (records: number, now: number) => {
      lost += records
      const made = omissions.take({ syslog: lost }, now)
      told.push(...made.map(({ count }) => count!))
      lost += made.length
    }
    second(1, 10_000)
    second(0, 11_000)
    for (let i = 0; i < 10; i++) second(1, 12_000 + i * 1_000)
    assert.deepEqual(told, [1, 1, ...Array(9).fill(2)])
  })

  it('holds what others that write records have lost', () => {
    const layout = layoutBelow(join(folder(), 'others'))
    for (const path of [join(layout.run, 'log'), join(layout.named, 'log'), layout.log])
      mkdirSync(path, { recursive: true })
    const records = new Records({ layout, lookUpNames: async () => new Map() }, new GuardWatch(layout))
    records.include({ lost: { disk: 2, syslog: 3 } })
    records.step(Date.now())
    const { disk, syslog } = records.status().lost
    records.close()
    assert.deepEqual([disk, syslog], [2, 3])
    assert.match(
      readFileSync(runtimePaths(layout).omissions, 'utf8'),
      /"event":"disk",[^\n]*"count":2,[\s\S]*"event":"syslog",[^\n]*"count":3,/,
    )
  })

  it('is in the file in full once a full disk has room again, and told to others meanwhile', async () => {
    const layout = layoutBelow(join(folder(), 'full'))
    for (const path of [join(layout.run, 'log'), join(layout.named, 'log')]) mkdirSync(path, { recursive: true })
    await using disk = await SmallDisk.mount(layout.log)
    const { omissions, lostRecords } = runtimePaths(layout)
    const told: (number | undefined)[] = []
    let now = Date.now()
    /** The life of one program, in which so many records are lost by others. */
    const live = async (losses: readonly number[], end?: () => Promise<void>) => {
      const records = new Records({ layout, lookUpNames: async () => new Map() }, new GuardWatch(layout))
      const lost = { disk: 0, syslog: 0 }
      records.include({ lost })
      records.onRecord((record) => told.push((record as OmissionRecord).count))
      for (const each of losses) {
        lost.disk += each
        now += 1_500
        records.step(now)
      }
      const { troubles } = records.status()
      await end?.()
      records.step(now + 100)
      records.close()
      return troubles.join()
    }
    await disk.fill()
    writeFileSync(lostRecords, 'commit\n')
    await live([0])
    // What the one before could not write down is told again, with what is lost now.
    assert.match(await live([2, 3, 0], () => disk.empty()), /what the records lack cannot be written down: ENOSPC/)
    const written = readFileSync(omissions, 'utf8').trim().split('\n')
    const counts = written.map((line) => omissionRecord.parse(JSON.parse(line)).count)
    assert.deepEqual([told, counts], [[1, 3, 3], [6]])
  })

  it('is told of syslog in the file, and not again for the records that tell it', async () => {
    const layout = layoutBelow(folder())
    for (const path of [join(layout.run, 'log'), join(layout.named, 'log'), layout.log])
      mkdirSync(path, { recursive: true })
    const { omissions, namedDenials } = runtimePaths(layout)
    const records = new Records(
      { layout, lookUpNames: async () => new Map(), syslogCommand: () => ['false'] },
      new GuardWatch(layout),
    )
    const told = () =>
      existsSync(omissions)
        ? readFileSync(omissions, 'utf8')
            .trim()
            .split('\n')
            .map((line) => omissionRecord.parse(JSON.parse(line)))
        : []
    try {
      for (let i = 0; i < 3; i++)
        appendFileSync(
          namedDenials,
          `client @0x7f16 10.77.0.2#4000 (a): rpz QNAME NXDOMAIN rewrite n${i}.test/A/IN via x\n`,
        )
      let now = Date.now()
      const look = () => {
        now += 1_500
        records.step(now)
        return told().length > 0
      }
      await until('an omission record', 15_000, look)
      assert.deepEqual(
        told().map(({ event, count }) => [event, count]),
        [['syslog', 3]],
      )
      await until('its own record is lost, too', 5_000, () => look() && records.status().lost.syslog > 3)
      for (let i = 0; i < 5; i++) look()
      assert.equal(told().length, 1)
    } finally {
      records.close()
    }
  })

  it('is told of denials over the limit that the guard saw before this program looked, once', async () => {
    const layout = layoutBelow(join(folder(), 'over-limit'))
    const { omissions, guardReport } = runtimePaths(layout)
    for (const path of [join(layout.run, 'log'), join(layout.named, 'log'), layout.log])
      mkdirSync(path, { recursive: true })
    const sum = () =>
      (existsSync(omissions) ? readFileSync(omissions, 'utf8').trim().split('\n') : [])
        .map((line) => omissionRecord.parse(JSON.parse(line)))
        .reduce((all, { event, count }) => all + (event === 'rate' ? count! : 0), 0)
    let now = Date.now()
    /** The life of one program, which looks twice. */
    const live = (table: number, packets: number) => {
      const guard = new GuardWatch(layout)
      const none = { packets: 0, bytes: 0 }
      const counters = { table, denied: {}, logged: none, notLogged: { packets, bytes: 0 } }
      const unknown = { unknown: 'not asked' }
      const records = new Records({ layout, lookUpNames: async () => new Map(), syslogCommand: () => ['cat'] }, guard)
      for (let i = 0; i < 2; i++) {
        now += 3_000
        const sight = { seenAt: now, ruleset: unknown, counters, clientQueries: unknown, units: unknown }
        writeFileSync(guardReport, JSON.stringify(sight))
        guard.refresh(now)
        records.step(now)
      }
      records.close()
      return sum()
    }
    writeFileSync(runtimePaths(layout).nflogRecords, '')
    assert.deepEqual([live(7, 100), live(7, 130), live(7, 130), live(8, 200)], [100, 130, 130, 330])
  })
})
