import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import type { DecisionRecord } from '../../../../src/daemon/records/kinds/record.ts'
import { Telemetry } from '../../../../src/daemon/telemetry/telemetry.ts'
import { LEVELS, WINDOWS, type Window } from '../../../../src/daemon/telemetry/timeline.ts'
import { tempFolder } from '../temp-folder.ts'

const START = Date.parse('2026-11-22T12:00:00Z')
const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

describe('telemetry', () => {
  const folder = tempFolder()
  let path: string
  let now: number
  let telemetry: Telemetry

  beforeEach(async () => {
    path = join(mkdtempSync(join(folder(), 'run-')), 'telemetry.db')
    now = START
    telemetry = new Telemetry(path, now, now)
    await telemetry.settled()
  })
  afterEach(() => telemetry.close())

  /** Time passes, in steps that a daemon would take at the most. */
  const pass = (milliseconds: number) => {
    const end = now + milliseconds
    while (now < end) {
      now = Math.min(end, now + 10 * SECOND)
      telemetry.tick(now, now)
    }
  }
  /** The old one is not told. */
  const restart = async () => {
    await telemetry.settled()
    telemetry = new Telemetry(path, now, now)
    await telemetry.settled()
  }
  const denials = async (window: Window) => (await telemetry.query({ window })).total.denials
  const deny = (client: string, name: string, reason = 'dns.not-allowed', count = 1) =>
    telemetry.record({
      schema: 'clawgress.decision/1',
      client,
      group: 'default',
      name,
      reason,
      count,
    } as DecisionRecord)

  it('counts denials by client, group, name and reason', async () => {
    deny('10.0.0.1', 'a.example', 'dns.denied', 2)
    deny('10.0.0.1', 'b.example')
    deny('10.0.0.2', 'b.example')
    const rows = async (by: 'client' | 'group' | 'name' | 'reason') =>
      (await telemetry.query({ window: '1m', by })).rows.map(({ key, denials, denialsByReason }) => [
        key,
        denials,
        denialsByReason,
      ])
    assert.deepEqual(await rows('client'), [
      ['10.0.0.1', 3, { 'dns.denied': 2, 'dns.not-allowed': 1 }],
      ['10.0.0.2', 1, { 'dns.not-allowed': 1 }],
    ])
    assert.deepEqual(
      (await rows('name')).map(([key, count]) => [key, count]),
      [
        ['a.example', 2],
        ['b.example', 2],
      ],
    )
    assert.deepEqual(await rows('group'), [['default', 4, { 'dns.denied': 2, 'dns.not-allowed': 2 }]])
    assert.deepEqual(
      (await rows('reason')).map(([key, count]) => [key, count]),
      [
        ['dns.denied', 2],
        ['dns.not-allowed', 2],
      ],
    )
  })

  it('says null where something cannot be known, not nothing', async () => {
    telemetry.add({ client: '10.0.0.1', group: 'default' }, 'queries', 5)
    telemetry.add({ group: 'default', name: 'a.example', label: 'llm' }, 'resolutions', 3)
    const [client] = (await telemetry.query({ window: '1m', by: 'client' })).rows
    const [name] = (await telemetry.query({ window: '1m', by: 'name' })).rows
    const [group] = (await telemetry.query({ window: '1m', by: 'group' })).rows
    assert.deepEqual([client?.queries, client?.cacheHits, client?.resolutions], [5, null, null])
    assert.deepEqual([name?.queries, name?.resolutions, name?.denials], [null, 3, 0])
    assert.deepEqual([group?.queries, group?.resolutions], [5, 3])
  })

  it('shows the busiest, and says how many more there are', async () => {
    for (let i = 0; i < 30; i++) deny(`10.0.0.${i}`, 'a.example', 'dns.denied', i + 1)
    const { rows, more } = await telemetry.query({ window: '1h', by: 'client', top: 2 })
    assert.deepEqual([rows.map(({ key }) => key), more], [['10.0.0.29', '10.0.0.28'], 28])
  })

  for (const { window, step, steps } of LEVELS) {
    it(`forgets after ${window}, and at the most one step later`, async () => {
      deny('10.0.0.1', 'a.example')
      pass(step * steps - SECOND)
      assert.equal(await denials(window), 1)
      pass(2 * step)
      assert.equal(await denials(window), 0)
    })
  }

  it('counts everything once in every window, whenever it happened', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 12 }), async (gaps) => {
        const about = new Telemetry(join(folder(), `${Math.random()}.db`), now, now)
        await about.settled()
        let at = now
        const times: number[] = []
        for (const gap of gaps) {
          for (let i = 0; i < gap; i += 10) {
            at += 10 * SECOND
            about.tick(at, at)
          }
          about.addDenials({ client: 'c' }, 'dns.denied', 1)
          times.push(at)
        }
        for (const window of WINDOWS) {
          const { step, steps } = LEVELS.find((level) => level.window === window)!
          const { denials } = (await about.query({ window })).total
          const certain = times.filter((time) => time > at - step * steps).length
          const possible = times.filter((time) => time > at - step * (steps + 1) - step).length
          assert.ok(denials! >= certain && denials! <= possible, `${window}: ${denials} of ${certain} to ${possible}`)
        }
        about.close()
      }),
      { numRuns: 20 },
    )
  })

  it('has its past again after a restart', async () => {
    deny('10.0.0.1', 'a.example', 'net.port', 7)
    pass(3 * HOUR)
    deny('10.0.0.2', 'b.example')
    telemetry.close()
    now += 5 * SECOND
    await restart()
    assert.deepEqual(await Promise.all(WINDOWS.map((window) => denials(window))), [0, 1, 1, 8, 8])
    const [first] = (await telemetry.query({ window: '7d', by: 'client' })).rows
    assert.deepEqual([first?.key, first?.denialsByReason], ['10.0.0.1', { 'net.port': 7 }])
    pass(6 * HOUR)
    assert.equal(await denials('7d'), 8)
  })

  it('answers while it still reads its past, counts what happens meanwhile, and reads on however often it is asked', async () => {
    for (let hour = 0; hour < 24; hour++) {
      deny('10.0.0.1', 'a.example', 'net.port', 2)
      pass(HOUR)
    }
    telemetry.close()
    telemetry = new Telemetry(path, now, now)
    deny('10.0.0.2', 'b.example')
    const totals: number[] = []
    for (let isLoading = true; isLoading; ) {
      const answers = await Promise.all([telemetry.query({ window: '7d' }), telemetry.query({ window: '1h' })])
      totals.push(answers[0].total.denials!)
      isLoading = answers[0].isLoading === true
    }
    assert.ok(totals.length > 1 && totals[0]! < 49, String(totals))
    assert.deepEqual(
      totals,
      [...totals].sort((one, other) => one - other),
    )
    assert.equal(await denials('7d'), 49)
    assert.equal(await denials('1m'), 1)
  })

  it('loses a minute at the most when it is killed, however long it is away', async () => {
    for (let i = 0; i < 10; i++) {
      deny('10.0.0.1', 'a.example')
      pass(MINUTE)
    }
    deny('10.0.0.1', 'a.example')
    // No close: killed.
    now += 2 * HOUR
    await restart()
    assert.deepEqual([await denials('1h'), await denials('24h'), await denials('7d')], [0, 10, 10])
    pass(12 * HOUR)
    assert.deepEqual([await denials('24h'), await denials('7d')], [10, 10])
  })

  it('keeps the age of everything when the clock is set', async () => {
    deny('10.0.0.1', 'a.example')
    pass(2 * MINUTE)
    for (const jump of [-30 * 24 * HOUR, 60 * 24 * HOUR]) {
      telemetry.tick(now + jump, now)
      assert.deepEqual([await denials('1m'), await denials('5m'), await denials('7d')], [0, 1, 1])
      telemetry.tick(now, now)
    }
    pass(10 * MINUTE)
    assert.deepEqual([await denials('5m'), await denials('1h')], [0, 1])
  })

  it('begins a new store where the old one is damaged, keeps that, and says so', async () => {
    deny('10.0.0.1', 'a.example')
    pass(2 * MINUTE)
    telemetry.close()
    for (const spoil of [(data: Buffer) => data.fill(0x41, 0, 100), (data: Buffer) => data.fill(0x41, 4096)]) {
      writeFileSync(path, spoil(readFileSync(path)))
      await restart()
      assert.match(telemetry.troubles.join(), /could not be read .* a new file was begun/)
      assert.ok(existsSync(`${path}.damaged`))
      deny('10.0.0.1', 'a.example')
      pass(2 * MINUTE)
      telemetry.close()
    }
    await restart()
    assert.deepEqual(telemetry.troubles, [])
    assert.equal(await denials('1h'), 1)
  })

  it('opens a store that a killed program has left locked', async () => {
    deny('10.0.0.1', 'a.example')
    pass(2 * MINUTE)
    telemetry.close()
    mkdirSync(`${path}.lock`)
    await restart()
    assert.deepEqual(telemetry.troubles, [])
    assert.equal(await denials('1h'), 1)
  })

  it('gives the whole over time by reason', async () => {
    deny('10.0.0.1', 'a.example')
    pass(20 * MINUTE)
    deny('10.0.0.1', 'a.example', 'net.port', 3)
    const points = (await telemetry.series('1h')).map(({ total }) => total.denialsByReason)
    assert.deepEqual(points[0], { 'dns.not-allowed': 1 })
    assert.deepEqual(points.at(-1), { 'net.port': 3 })
  })
})
