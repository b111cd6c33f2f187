import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { runtimePaths } from '../../../../src/base/layout.ts'
import { ApiClient } from '../../../../src/daemon/api/client.ts'
import { type DecisionRecord, printRecord } from '../../../../src/daemon/records/kinds/record.ts'
import { denial } from './support/denial.ts'
import { KEYS, REPORT, type Running, serveApi } from './support/gateway.ts'

describe('records over the API', () => {
  let api: Running
  before(async () => {
    api = await serveApi()
    const { decisions } = runtimePaths(api.layout)
    mkdirSync(api.layout.log, { recursive: true })
    const clients = ['10.0.0.0', '10.0.0.1', 'fd77:1::2']
    const all = Array.from({ length: 30 }, (_, i) => denial(i, clients[i % 3]!, `h${i}.example.com`))
    writeFileSync(decisions, all.map((record) => `${printRecord(record)}\n`).join(''))
  })
  after(() => api.close())

  const headers = { 'x-api-key': KEYS.viewer }
  const page = async (query: string) => {
    const response = await fetch(`${api.url}/denies?${query}`, { headers })
    const { data } = (await response.json()) as { data: { records: DecisionRecord[]; cursor: string | null } }
    return { status: response.status, ...data }
  }

  it('come newest first, page by page, none twice and none left out', async () => {
    const names: string[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { records, cursor: next } = await page(`limit=7${cursor === '' ? '' : `&cursor=${cursor}`}`)
      names.push(...records.map((record) => record.name!))
      cursor = next
    }
    assert.deepEqual(
      names,
      Array.from({ length: 30 }, (_, i) => `h${29 - i}.example.com`),
    )
  })

  it('are found by who, what, why and when', async () => {
    for (const client of ['10.0.0.1', 'fd77:1::2', 'FD77:0001:0::2'])
      assert.equal((await page(`client=${client}`)).records.length, 10, client)
    assert.equal((await page('name=h5.example.com')).records.length, 1)
    assert.equal((await page('name=*.example.com&limit=50')).records.length, 30)
    assert.equal((await page('reason=net.port')).records.length, 0)
    assert.equal((await page('since=2026-01-01T00:00:20Z&until=2026-01-01T00:00:25Z')).records.length, 5)
    for (const query of ['client=here', 'reason=none', 'since=yesterday', 'limit=0', 'cursor=AAAA', 'colour=red'])
      assert.equal((await page(query)).status, 400, query)
  })

  it('are found in the oldest of the logs, page by page, and a page says how far back it has looked', async () => {
    const { decisions } = runtimePaths(api.layout)
    const line = `${printRecord(denial(0, '10.0.0.9', 'crowd.example.net'))}\n`
    const first = { ...denial(0, '10.0.0.9', 'first.example.net'), time: '2025-12-31T00:00:00.000Z' }
    writeFileSync(`${decisions}.2`, `${printRecord(first)}\n`)
    writeFileSync(`${decisions}.1`, line.repeat(Math.ceil((10 << 20) / line.length)))
    const client = new ApiClient({ url: `http://127.0.0.1:${api.port}`, key: KEYS.viewer })
    const before = await client.records({ kind: 'deny', name: 'first.example.net' })
    assert.deepEqual(before.records, [])
    assert.equal(Date.parse(before.searchedTo!), Date.parse(denial(0, '', '').time))
    const after = await client.records({ kind: 'deny', name: 'first.example.net', cursor: before.cursor! })
    assert.deepEqual(
      after.records.map(({ name }) => name),
      ['first.example.net'],
    )
    assert.deepEqual([after.cursor, after.searchedTo], [null, null])
    for (const each of [1, 2]) rmSync(`${decisions}.${each}`)
  })

  it('are streamed as they are written, only those that were asked for', async () => {
    const ending = new AbortController()
    const { body, headers: got } = await fetch(`${api.url}/denies/stream?client=10.0.0.2`, {
      headers,
      signal: ending.signal,
    })
    assert.match(got.get('content-type')!, /^text\/event-stream/)
    const reader = body!.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    const until = async (wanted: RegExp) => {
      while (!wanted.test(text)) text += (await reader.read()).value
    }
    await until(/: open/)
    api.bus.publish([denial(40, '10.0.0.1', 'other.example.com'), denial(41, '10.0.0.2', 'this.example.com')])
    await until(/this\.example\.com.*\n\n/)
    assert.doesNotMatch(text, /other\.example\.com/)
    ending.abort()
  })

  it('are counted over time, by whom and by what', async () => {
    const at = Date.now()
    const record = { ...denial(50, '10.0.0.9', 'counted.example.com'), time: new Date(at).toISOString() }
    api.bus.publish([record, record])
    const ask = async (path: string) => (await fetch(`${api.url}${path}`, { headers })).json()
    const { data } = (await ask('/telemetry?by=client&window=1h')) as {
      data: { rows: { key: string; denials: number }[] }
    }
    assert.deepEqual(
      data.rows.filter(({ key }) => key === '10.0.0.9').map(({ denials }) => denials),
      [2],
    )
    const series = (await ask('/telemetry/series?window=5m')) as { data: { total: { denials: number } }[] }
    assert.ok(series.data.some(({ total }) => total.denials >= 2))
    for (const query of ['window=2h', 'by=colour', 'top=0'])
      assert.equal((await fetch(`${api.url}/telemetry?${query}`, { headers })).status, 400, query)
  })

  it('come with the alerts, as the command shows them', async () => {
    const client = new ApiClient({ url: `http://127.0.0.1:${api.port}`, key: KEYS.viewer })
    assert.deepEqual(await client.alerts(), JSON.parse(JSON.stringify(REPORT)))
    assert.equal((await fetch(`${api.url}/alerts`)).status, 401)
  })

  it('are streamed to a bounded number of readers, in shares: a key that has none takes one of who has most', async () => {
    const ending = new AbortController()
    const open = (key: string) =>
      fetch(`${api.url}/records/stream`, { headers: { 'x-api-key': key }, signal: ending.signal })
    const answers = await Promise.all(Array.from({ length: 33 }, () => open(KEYS.viewer)))
    assert.deepEqual(answers.map(({ status }) => status).sort(), [...Array.from({ length: 32 }, () => 200), 429])
    const ended = Promise.any(answers.filter(({ status }) => status === 200).map((answer) => answer.text()))
    assert.equal((await open(KEYS.operator)).status, 200)
    assert.match(await ended, /^: open\n\n/)
    assert.equal((await open(KEYS.viewer)).status, 429)
    api.bus.publish([denial(60, '10.0.0.1', 'after.example.com')])
    ending.abort()
  })

  it('are no streams to HEAD, which would never end', async () => {
    const head = (path: string) => fetch(`${api.url}${path}`, { method: 'HEAD', headers })
    assert.equal((await head('/denies')).status, 200)
    for (const path of ['/denies/stream', '/records/stream']) assert.equal((await head(path)).status, 404, path)
  })
})
