import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { layoutBelow } from '../../../src/base/layout.ts'
import { GuardWatch } from '../../../src/daemon/guard-watch.ts'
import type { AnyRecord } from '../../../src/daemon/records/kinds/record-kinds.ts'
import { Metrics } from '../../../src/daemon/telemetry/metrics.ts'
import { until } from '../support/lab.ts'

const FOLDER = 'docs/monitoring'
const promtool = (words: readonly string[], input = '') =>
  execFileSync('promtool', words, { encoding: 'utf8', input, stdio: ['pipe', 'pipe', 'pipe'] })

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[]
}

/** Metrics of a gateway on which everything has happened once. */
function busyMetrics(folder: string): Metrics {
  const guard = new GuardWatch(layoutBelow(folder))
  guard.sight = {
    seenAt: Date.now(),
    ruleset: { present: true, intact: true, closed: false },
    counters: { unknown: 'not asked' },
    clientQueries: { unknown: 'not asked' },
    policyFile: { unknown: 'not asked' },
    units: [{ name: 'clawgress-named', description: 'named', state: 'running', restarts: 0 }],
  }
  const deniedPackets = new Map([['default net.port', 3]])
  const metrics = new Metrics({ live: () => undefined, guard, sources: { missing: new Set(), deniedPackets } })
  const time = new Date().toISOString()
  const records = [
    { schema: 'clawgress.decision/1', reason: 'net.port', count: 3 },
    {
      schema: 'clawgress.flow/1',
      group: 'default "1"\n',
      up: { bytes: 10, packets: 1 },
      down: { bytes: 20, packets: 1 },
    },
    { schema: 'clawgress.commit/1', event: 'live', time, user: 'vyos' },
    { schema: 'clawgress.alert/1', event: 'table.restored', time, message: 'It is back.' },
    { schema: 'clawgress.omission/1', event: 'rate', time, count: 7, message: '7 denied packets.' },
  ]
  for (const record of records) metrics.record(record as AnyRecord)
  for (const measure of ['queries', 'cacheHits', 'resolutions'] as const) metrics.add({ group: 'default' }, measure, 5)
  return metrics
}

describe('monitoring with Prometheus', () => {
  const dashboard = JSON.parse(readFileSync(join(FOLDER, 'grafana-dashboard.json'), 'utf8')) as Dashboard
  const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
  let folder: string
  let server: Server
  let prometheus: ChildProcess
  let base: string
  let metrics: Metrics

  const ask = async (expression: string) => {
    const response = await fetch(`${base}/api/v1/query?query=${encodeURIComponent(expression)}`)
    return (await response.json()) as {
      status: string
      error?: string
      data?: { result: { value: [number, string] }[] }
    }
  }
  const filled = (expression: string) => expression.replaceAll('$instance', '.*').replaceAll('$__rate_interval', '1m')

  before(async function () {
    this.timeout(30_000)
    folder = mkdtempSync(join(tmpdir(), 'clawgress-test-'))
    metrics = busyMetrics(folder)
    server = createServer((_, response) => {
      void metrics.text().then((text) => response.setHeader('content-type', metrics.contentType).end(text))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const config = join(folder, 'prometheus.yml')
    writeFileSync(
      config,
      `{"rule_files": ["${join(process.cwd(), FOLDER, 'clawgress.rules.yml')}"], "global": {"scrape_interval": "1s"}, "scrape_configs": [{"job_name": "clawgress", "static_configs": [{"targets": ["127.0.0.1:${port}"]}]}]}`,
    )
    const own = await freePort()
    base = `http://127.0.0.1:${own}`
    const words = [
      `--config.file=${config}`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${own}`,
    ]
    prometheus = spawn('prometheus', words, { stdio: 'ignore' })
    await until('Prometheus has asked for the metrics', 20_000, async () => {
      // It does not answer before it has started.
      const up = await ask('up == 1').catch(() => undefined)
      return up?.data?.result.length === 1
    })
  })
  after(() => {
    prometheus?.kill('SIGKILL')
    server?.closeAllConnections()
    server?.close()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })

  it('has metrics that promtool finds nothing wrong with, whatever groups are called', async () => {
    promtool(['check', 'metrics'], (await metrics.text()).replace(/^(# \w+ )?nodejs_.*\n/gm, ''))
    const { data } = await ask('clawgress_flow_bytes_total{direction="down"}')
    assert.deepEqual(
      data?.result.map(({ value }) => value[1]),
      ['20'],
    )
  })

  it('has alert rules that promtool accepts, and that fire when they should', () => {
    promtool(['check', 'rules', join(FOLDER, 'clawgress.rules.yml')])
    promtool(['check', 'config', '--syntax-only', join(FOLDER, 'prometheus.yml')])
    promtool(['test', 'rules', join(FOLDER, 'clawgress.rules.test.yml')])
    const broken = join(folder, 'broken.yml')
    writeFileSync(broken, 'groups: [{name: x, rules: [{alert: y, expr: "sum("}]}]')
    assert.throws(() => promtool(['check', 'rules', broken]))
  })

  it('has a dashboard whose every question the real Prometheus understands', async () => {
    assert.ok(expressions.length >= 10)
    for (const expression of expressions) assert.equal((await ask(filled(expression))).status, 'success', expression)
    assert.equal((await ask('sum(')).status, 'error')
  })

  it('asks for no metric that there is not', async () => {
    const rules = readFileSync(join(FOLDER, 'clawgress.rules.yml'), 'utf8')
    const asked = new Set([...expressions, rules].join('\n').match(/\bclawgress_[a-z_]+/g))
    const there = new Set((await metrics.text()).match(/^clawgress_[a-z_]+/gm))
    assert.deepEqual(
      [...asked].filter((name) => !there.has(name)),
      [],
    )
  })

  it('has a bound on the series of one metric, however many groups there are', async () => {
    for (let i = 0; i < 500; i++) metrics.add({ group: `g${i}` }, 'queries', 1)
    const series = (await metrics.text()).match(/^clawgress_dns_queries_total\{/gm)
    assert.ok(series!.length > 190 && series!.length <= 201, String(series?.length))
  })
})

async function freePort(): Promise<number> {
  const probe = createTcpServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}
