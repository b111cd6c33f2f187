import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { setImmediate as loopTurn } from 'node:timers/promises'
import { runtimePaths } from '../../../../src/base/layout.ts'
import { REASONS } from '../../../../src/base/reasons.ts'
import { printRecord, RECORD_SCHEMA } from '../../../../src/daemon/records/kinds/record.ts'
import { until } from '../../../../src/standalone/lab/until.ts'
import { KEYS, type Running, serveApi } from '../api/support/gateway.ts'

/** More than is read for one page. */
const LOG_BYTES = 9 << 20
/** Milliseconds of processor time, which other load of the machine does not change, that one turn of the loop may take. */
const LONGEST_TURN = 50

function fullLog(): string {
  const { operator: message, agent: next } = REASONS['dns.not-allowed']
  const fields = { group: 'default', verdict: 'deny', reason: 'dns.not-allowed', generation: 'none', count: 1 }
  const lines: string[] = []
  for (let i = 0, size = 0; size < LOG_BYTES; i++) {
    const time = new Date(Date.UTC(2026, 0, 1) + i).toISOString()
    const named = { client: `10.0.0.${i & 255}`, name: `h${i}.example.com` }
    const start = { schema: RECORD_SCHEMA, event: 'decision', id: `r-${i.toString(36)}`, time }
    const line = `${printRecord({ ...start, ...named, ...fields, message, next })}\n`
    lines.push(line)
    size += line.length
  }
  return lines.join('')
}

describe('questions over a full log', () => {
  let api: Running
  before(async () => {
    api = await serveApi()
    mkdirSync(api.layout.log, { recursive: true })
    writeFileSync(runtimePaths(api.layout).decisions, fullLog())
    // Compiles what the tests measure.
    for (const query of ['name=none.example', 'label=%C3%A9', 'limit=1000']) await (await ask(query)).text()
  })
  after(() => api.close())

  const headers = { 'x-api-key': KEYS.viewer }
  const ask = (query: string, signal?: AbortSignal) =>
    fetch(`${api.url}/denies?${query}`, { headers, ...(signal === undefined ? {} : { signal }) })
  /** Milliseconds of this program's processor time that the work took. */
  const cost = async (work: () => Promise<unknown>): Promise<number> => {
    const before = process.cpuUsage()
    await work()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000
  }

  /** Of six questions at a time, which read so many portions at least, milliseconds of processor time. */
  async function longestTurn(query: string, portions: number): Promise<number> {
    const asked = Promise.all(Array.from({ length: 6 }, async () => (await ask(query)).json()))
    let isDone = false
    const end = () => {
      isDone = true
    }
    asked.then(end, end)
    const turns: number[] = []
    while (!isDone) turns.push(await cost(() => loopTurn()))
    for (const answer of await asked) assert.equal((answer as { success: boolean }).success, true)
    // How often the loop turns while a portion is awaited is up to the machine.
    assert.ok(turns.length > 6 * portions, `${turns.length} turns`)
    return Math.max(...turns)
  }

  for (const [what, query, portions] of [
    ['find nothing', 'name=none.example', 100],
    ['must look at every record', 'label=%C3%A9', 100],
    ['fill whole pages', 'limit=1000', 5],
  ] as const)
    it(`that ${what} hold up other answers for no longer than a portion of one takes`, async () => {
      // Garbage of all tests before is collected in some turn or other: what the questions cost they cost each time.
      const measure = () => longestTurn(query, portions)
      const longest = Math.min(await measure(), await measure(), await measure())
      assert.ok(longest < LONGEST_TURN, `${longest} ms`)
    })

  it('wait in a bounded number; the others are told to come again', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask('label=%C3%A9')))
    const refused = answers.filter(({ status }) => status === 429)
    assert.equal(answers.filter(({ status }) => status === 200).length, 8)
    assert.equal(refused.length, 12)
    assert.equal(refused[0]!.headers.get('retry-after'), '1')
    assert.match(await refused[0]!.text(), /Too many long questions wait/)
    assert.equal((await ask('limit=1')).status, 200)
  })

  it('cost next to nothing once nobody waits for the answer', async () => {
    const whole = await cost(() => ask('label=%C3%A9'))
    const leaving = new AbortController()
    const left = await cost(async () => {
      const asked = Array.from({ length: 8 }, () => ask('label=%C3%A9', leaving.signal))
      const settled = Promise.allSettled(asked)
      // The server has begun to read for them.
      assert.equal((await fetch(`${api.url}/status`, { headers })).status, 200)
      leaving.abort()
      await settled
      await until('another question is answered', 15_000, async () => (await ask('limit=1')).status === 200)
    })
    assert.ok(left < 4 * whole, `${left} ms for eight that were left, ${whole} ms for one`)
  })
})
