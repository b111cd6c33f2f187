import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { layoutBelow, runtimePaths } from '../../../../src/base/layout.ts'
import { newestRecords } from '../../../../src/daemon/records/reading/newest-records.ts'
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

  it('come from all logs and their older files, newest first', () => {
    assert.deepEqual(times(newestRecords(layout())), [9, 7, 7, 7, 5, 4, 3, 2, 1].map(at))
  })

  it('come page by page, each once, whatever the size of a page and the filter', () => {
    const whole = newestRecords(layout()).records
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), (size) => {
        const seen: unknown[] = []
        let cursor: string | undefined
        do {
          const page = newestRecords(layout(), {}, size, cursor)
          assert.ok(page.records.length <= size)
          seen.push(...page.records)
          cursor = page.cursor
        } while (cursor !== undefined)
        assert.deepEqual(seen, whole)
      }),
    )
  })

  it('are chosen by kind, client, reason, name, names below and time', () => {
    const chosen = (filter: Parameters<typeof newestRecords>[1]) => times(newestRecords(layout(), filter))
    assert.deepEqual(chosen({ kinds: ['commit'] }), [at(4)])
    assert.deepEqual(chosen({ client: '10.0.0.2' }), [9, 7, 2].map(at))
    assert.deepEqual(chosen({ reason: 'net.port' }), [at(3)])
    assert.deepEqual(chosen({ name: 'c.example.com' }), [9, 7, 2].map(at))
    assert.deepEqual(chosen({ name: '*.example.org' }), [at(5)])
    assert.deepEqual(chosen({ name: 'example.org' }), [])
    assert.deepEqual(chosen({ since: Date.parse(at(5)), until: Date.parse(at(9)) }), [7, 7, 7, 5].map(at))
  })

  it('are none where there is no log, and a cursor of somebody else is refused with a sentence', () => {
    assert.deepEqual(newestRecords(layoutBelow(join(folder(), 'nothing'))), { records: [] })
    for (const cursor of ['', 'x', 'W10', Buffer.from('["a",1]').toString('base64url')])
      assert.throws(() => newestRecords(layout(), {}, 1, cursor), /The cursor is none/)
  })
})
