import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { layoutBelow, runtimePaths } from '../../../../src/base/layout.ts'
import { printRecord } from '../../../../src/daemon/records/kinds/record.ts'
import type { AnyRecord } from '../../../../src/daemon/records/kinds/record-kinds.ts'
import { newestRecords } from '../../../../src/daemon/records/reading/newest-records.ts'
import { matches, textFilter } from '../../../../src/daemon/records/reading/record-filter.ts'
import { tempFolder } from '../temp-folder.ts'

const at = (millisecond: number) => new Date(Date.UTC(2026, 10, 22, 12) + millisecond).toISOString()
const deny = (millisecond: number, more: object = {}) => ({
  schema: 'clawgress.decision/1',
  event: 'decision',
  id: `d-${millisecond}`,
  time: at(millisecond),
  client: '10.0.0.1',
  group: 'default',
  name: 'a.example.com',
  verdict: 'deny',
  reason: 'dns.not-allowed',
  generation: 'none',
  count: 1,
  message: 'm',
  next: 'n',
  ...more,
})
const flow = (millisecond: number) => ({
  schema: 'clawgress.flow/1',
  event: 'flow',
  id: `f-${millisecond}`,
  time: at(millisecond),
  client: '10.0.0.2',
  group: 'default',
  names: ['b.example.com', 'c.example.com'],
  address: '192.0.2.1',
  protocol: 'tcp',
  verdict: 'allow',
  generation: 'none',
})

describe('the newest records', () => {
  const folder = tempFolder()
  const layout = () => layoutBelow(folder())
  const write = (path: string, records: readonly object[]) => {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, records.map((record) => `${JSON.stringify(record)}\n`).join(''))
  }
  const times = (page: { records: readonly { time: string }[] }) => page.records.map(({ time }) => time)

  before(() => {
    const { decisions, flows, commits } = runtimePaths(layout())
    write(`${decisions}.1`, [deny(1), deny(3, { reason: 'net.port' })])
    write(decisions, [deny(5, { name: 'x.example.org' }), deny(7), deny(7, { id: 'd-8' })])
    write(flows, [flow(2), flow(7), flow(9)])
    write(commits, [{ schema: 'clawgress.commit/1', event: 'live', time: at(4), user: 'vyos' }])
  })

  it('come from all logs and their older files, newest first', async () => {
    assert.deepEqual(times(await newestRecords(layout())), [9, 7, 7, 7, 5, 4, 3, 2, 1].map(at))
  })

  it('come page by page, each once, whatever the size of a page and the filter', async () => {
    const whole = (await newestRecords(layout())).records
    for (let size = 1; size <= 10; size++) {
      const seen: unknown[] = []
      let cursor: string | undefined
      do {
        const page = await newestRecords(layout(), {}, size, cursor)
        assert.ok(page.records.length <= size)
        seen.push(...page.records)
        cursor = page.cursor
      } while (cursor !== undefined)
      assert.deepEqual(seen, whole)
    }
  })

  it('are chosen by kind, client, reason, name, names below and time', async () => {
    const chosen = async (filter: Parameters<typeof newestRecords>[1]) => times(await newestRecords(layout(), filter))
    assert.deepEqual(await chosen({ kinds: ['commit'] }), [at(4)])
    assert.deepEqual(await chosen({ client: '10.0.0.2' }), [9, 7, 2].map(at))
    assert.deepEqual(await chosen({ reason: 'net.port' }), [at(3)])
    assert.deepEqual(await chosen({ name: 'c.example.com' }), [9, 7, 2].map(at))
    assert.deepEqual(await chosen({ name: '*.example.org' }), [at(5)])
    assert.deepEqual(await chosen({ name: 'example.org' }), [])
    assert.deepEqual(await chosen({ since: Date.parse(at(5)), until: Date.parse(at(9)) }), [7, 7, 7, 5].map(at))
  })

  it('are none where there is no log, and a cursor of somebody else is refused with a sentence', async () => {
    assert.deepEqual(await newestRecords(layoutBelow(join(folder(), 'nothing'))), { records: [] })
    const given = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const places = Array.from({ length: 6 }, () => [1, 1, 1])
    const foreign = [
      ['a', 1],
      [1, []],
      [-1, places],
      [9e15, places],
      [1, [[1, 1, -1], ...places.slice(1)]],
    ].map(given)
    for (const cursor of ['', 'x', 'W10', ...foreign])
      await assert.rejects(newestRecords(layout(), {}, 1, cursor), /The cursor is none/)
  })

  it('are looked for further back from where the bound ended a page, in all files, old and new, until the very first', async () => {
    const large = layoutBelow(join(folder(), 'large'))
    const { decisions, flows } = runtimePaths(large)
    const filler = (from: number) => Array.from({ length: 900 }, (_, i) => deny(from + i))
    write(`${decisions}.2`, [deny(1, { client: '192.0.2.1' }), ...filler(2)])
    write(`${decisions}.1`, filler(1_000))
    write(decisions, filler(2_000))
    write(flows, [{ ...flow(500), client: '192.0.2.1' }, flow(3_000)])
    const found: string[] = []
    const back: number[] = []
    let cursor: string | undefined
    do {
      const page = await newestRecords(large, { client: '192.0.2.1' }, 100, cursor, { maxBytes: 70_000 })
      found.push(...times(page))
      if (page.searchedTo !== undefined) back.push(page.searchedTo)
      cursor = page.cursor
      assert.equal(page.searchedTo === undefined, cursor === undefined)
      // Turned over between two pages, and written on.
      if (back.length === 1) {
        for (const i of [2, 1]) renameSync(`${decisions}.${i}`, `${decisions}.${i + 1}`)
        renameSync(decisions, `${decisions}.1`)
        write(decisions, filler(5_000))
      }
    } while (cursor !== undefined && back.length < 50)
    assert.deepEqual(found, [500, 1].map(at))
    assert.ok(back.length > 5, String(back.length))
    assert.deepEqual(
      back,
      back.toSorted((a, b) => b - a),
    )
  })

  it('of a rare kind are found in the same reading as those of a crowded one', async () => {
    const crowded = layoutBelow(join(folder(), 'crowded'))
    const { decisions, flows } = runtimePaths(crowded)
    write(
      decisions,
      Array.from({ length: 3_000 }, (_, i) => deny(i)),
    )
    write(flows, [flow(2_600)])
    const bounds = { maxBytes: 300_000 }
    const [oldest] = (
      await newestRecords(crowded, { reason: 'dns.not-allowed' }, 1_000, undefined, bounds)
    ).records.slice(-1)
    // All but the chunks of the others are for the denials, where an equal share would end after 50 000 octets.
    assert.ok(Date.parse(oldest!.time) <= Date.parse(at(2_250)), oldest!.time)
    assert.deepEqual(times(await newestRecords(crowded, { client: '10.0.0.2' }, 9, undefined, bounds)), [at(2_600)])
  })

  it('get on over a line without end, whatever the bound', async () => {
    const endless = layoutBelow(join(folder(), 'endless'))
    const { decisions } = runtimePaths(endless)
    write(decisions, [deny(1)])
    appendFileSync(decisions, 'x'.repeat(1 << 20))
    const found: string[] = []
    let cursor: string | undefined
    let pages = 0
    do {
      const page = await newestRecords(endless, {}, 10, cursor, { maxBytes: 1 })
      found.push(...times(page))
      cursor = page.cursor
    } while (cursor !== undefined && ++pages < 40)
    assert.deepEqual(found, [at(1)])
  })

  it('out of order are on the pages as they are in the log, none left out', async () => {
    const disordered = layoutBelow(join(folder(), 'disordered'))
    write(runtimePaths(disordered).decisions, [deny(4), deny(9), deny(5), deny(8)])
    const seen: string[] = []
    for (let cursor: string | undefined, i = 0; i < 4; i++) {
      const page = await newestRecords(disordered, {}, 1, cursor)
      seen.push(...times(page))
      cursor = page.cursor
    }
    assert.deepEqual(seen, [8, 5, 9, 4].map(at))
  })

  it('are found while the log is being turned over', async () => {
    const turned = layoutBelow(join(folder(), 'turned'))
    const { decisions } = runtimePaths(turned)
    write(decisions, [deny(1)])
    renameSync(decisions, `${decisions}.1`)
    assert.deepEqual(times(await newestRecords(turned)), [at(1)])
  })

  it('are read at most once where the log is turned over while they are read', async () => {
    const turned = layoutBelow(join(folder(), 'turning'))
    const { decisions } = runtimePaths(turned)
    write(
      decisions,
      Array.from({ length: 2_000 }, (_, i) => deny(i)),
    )
    const reading = newestRecords(turned, { client: '192.0.2.9' })
    const all = newestRecords(turned, {}, 1_000)
    renameSync(decisions, `${decisions}.1`)
    assert.deepEqual((await reading).records, [])
    const ids = (await all).records.map((record) => (record as { id: string }).id)
    assert.equal(new Set(ids).size, 1_000)
  })

  it('keep the letters of all languages, in commits too, which are written as they are', async () => {
    const foreign = layoutBelow(join(folder(), 'foreign'))
    const commit = { schema: 'clawgress.commit/1', event: 'live', time: at(4), user: 'vyos', summary: 'größer 世界' }
    write(
      runtimePaths(foreign).commits,
      Array.from({ length: 2_000 }, () => commit),
    )
    const { records } = await newestRecords(foreign, {}, 1_000)
    assert.deepEqual(new Set(records.map((record) => (record as typeof commit).summary)), new Set([commit.summary]))
  })

  it('are found on both sides of a line without end, which costs bounded memory', async () => {
    const spoilt = layoutBelow(join(folder(), 'spoilt'))
    const { decisions } = runtimePaths(spoilt)
    write(decisions, [deny(1)])
    appendFileSync(decisions, `${'x'.repeat(3 << 20)}\n`)
    appendFileSync(decisions, `${JSON.stringify(deny(2))}\n`)
    assert.deepEqual(times(await newestRecords(spoilt)), [at(2), at(1)])
  })

  it('are not looked for any more once nobody wants them', async () => {
    const reading = new AbortController()
    const found = newestRecords(layout(), {}, 100, undefined, { signal: reading.signal })
    reading.abort()
    await assert.rejects(found, { name: 'AbortError' })
  })

  it('that no file holds any more are no part of the page after', async () => {
    const gone = layoutBelow(join(folder(), 'gone'))
    const { decisions } = runtimePaths(gone)
    write(decisions, [deny(1), deny(2)])
    const { cursor } = await newestRecords(gone, {}, 1)
    rmSync(decisions)
    write(decisions, [deny(3)])
    assert.deepEqual(await newestRecords(gone, {}, 1, cursor), { records: [] })
  })
})

describe('the text of a record', () => {
  it('rules out only records that do not match', () => {
    const text = fc.constantFrom(
      ...['deny', 'a', '*.a', '*.deny', 'x.a', '10.0.0.1', '\\032', '"', '', '*.', '\0', '\x7f', 'é', '世', '\ud800'],
    )
    const optional = fc.option(text, { nil: undefined })
    const fields = { client: optional, reason: optional, group: optional, label: optional, name: optional }
    const record = fc.record({ verdict: fc.constant('deny'), ...fields, names: fc.option(fc.array(text)) })
    let found = 0
    fc.assert(
      fc.property(record, fc.record(fields), fc.boolean(), (made, asked, isPrinted) => {
        const wanted = Object.fromEntries(
          Object.entries(asked).filter(([key], index) => asked[key as 'name'] !== undefined && index % 2 === 0),
        )
        const same = made.name === undefined ? wanted : { ...wanted, name: made.name }
        for (const filter of [wanted, same, { client: made.client ?? 'a' }]) {
          const line = isPrinted ? printRecord(made) : JSON.stringify(made)
          if (!matches(made as unknown as AnyRecord, 0, filter)) continue
          found++
          assert.ok(textFilter(filter)(line), `${line} ${JSON.stringify(filter)}`)
        }
      }),
      { numRuns: 200 },
    )
    assert.ok(found > 50, String(found))
  })
})
