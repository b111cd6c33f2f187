import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { runtimePaths } from '../../../src/base/layout.ts'
import { putAccountingBack, turnAccountingOn } from '../../../src/conf_mode/system/connection-accounting.ts'
import { askMetrics, askTelemetry } from '../../../src/daemon/query-socket.ts'
import { flowRecord } from '../../../src/daemon/records/kinds/flow-record.ts'
import { readClientQueries } from '../../../src/firewall/index.ts'
import { showFlows } from '../../../src/op_mode/records/flows.ts'
import { monitorLog, showLog } from '../../../src/op_mode/records/log.ts'
import { showTelemetry } from '../../../src/op_mode/telemetry.ts'
import { until } from '../support/lab.ts'
import { readRecords } from '../support/record-log.ts'
import { RecordingRig } from '../support/recording-rig.ts'

const POLICY = {
  version: 1,
  allow: { ips: ['45.45.1.0/24', '2a45:1::/32'], ports: [443] },
  labels: { '45.45.1.0/24': 'partner' },
}
const SHARED = '45.45.1.7'
const ACCOUNTING = 'net.netfilter.nf_conntrack_acct'

describe('allowed flows', () => {
  let rig: RecordingRig

  const records = () => readRecords(runtimePaths(rig.layout).flows, flowRecord)
  const recordFor = (address: string) =>
    until(`there is a record of ${address}`, 8_000, () => records().find((record) => record.address === address))
  const accounting = () => rig.net.gateway.run('sysctl', '-n', ACCOUNTING).trim()
  /** Sends so many octets to the server, which sends as many back; returns what the kernel counted, and has it forget. */
  const exchange = (address: string, octets: number) => {
    const program = `
      const s = require('net').connect(443, '${address}', () => s.end('x'.repeat(${octets})))
      let n = 0; s.on('data', (d) => { n += d.length }); s.on('close', () => process.exit(n === ${octets} ? 0 : 1))`
    rig.net.client1.run(process.execPath, '-e', program)
    const family = address.includes(':') ? 'ipv6' : 'ipv4'
    const entry = rig.net.gateway.run('conntrack', '-L', '-f', family, '-d', address)
    rig.net.gateway.run('conntrack', '-F')
    return [...entry.matchAll(/packets=(\d+) bytes=(\d+)/g)].map(([, packets, bytes]) => ({
      bytes: Number(bytes),
      packets: Number(packets),
    }))
  }

  before(async () => {
    rig = new RecordingRig(POLICY)
    rig.net.gateway.inside(() => turnAccountingOn(rig.layout))
    await rig.startUlogd()
    await rig.startServer()
    const shared = ['a.example.org', 'b.example.org'].map((name) => ({ group: 'default', name }))
    const elsewhere = { group: 'other', name: 'c.example.org' }
    await rig.startDaemon({
      lookUpNames: async (addresses) =>
        new Map(addresses.flatMap((each) => (each === SHARED ? [[each, [...shared, elsewhere]] as const] : []))),
    })
  })

  after(() => rig?.[Symbol.asyncDispose]())

  for (const [family, address, client] of [
    ['IPv4', '45.45.1.5', '10.77.1.2'],
    ['IPv6', '2a45:1::5', 'fd77:1::2'],
  ] as const) {
    it(`over ${family} leave a record with octets and packets each way, rule and generation`, async () => {
      const counted = exchange(address, 100_000)
      const record = await recordFor(address)
      assert.deepEqual(
        [record.client, record.port, record.protocol, record.group, record.reason, record.generation],
        [client, 443, 'tcp', 'default', 'allow.address', rig.plan.generation],
      )
      assert.deepEqual([record.up, record.down], counted)
      assert.ok(record.up!.bytes > 100_000 && record.down!.bytes > 100_000)
      assert.ok(record.seconds! >= 0 && record.seconds! < 5 && record.clientPort! > 0)
    })
  }

  it('name the line of the policy and the label', async () => {
    const record = await recordFor('45.45.1.5')
    assert.deepEqual([record.rule?.text, record.label], ['45.45.1.0/24', 'partner'])
  })

  it('to an address that several names of the group share name them all, and none as the one', async () => {
    exchange(SHARED, 10)
    const record = await recordFor(SHARED)
    assert.deepEqual([record.name, record.names], [undefined, ['a.example.org', 'b.example.org']])
  })

  it('leave no record where they were refused, or asked the gateway itself; questions are counted by client', async () => {
    const ask = `const d = require('dgram'); let n = 0
      for (const [family, to] of [['udp4', '10.77.1.1'], ['udp6', 'fd77:1::1']]) { const s = d.createSocket(family)
        for (let i = 0; i < 7; i++) s.send('x', 53, to, () => { if (++n === 14) process.exit() }) }`
    rig.net.client1.run(process.execPath, '-e', ask)
    assert.throws(() => rig.net.client1.run('bash', '-c', 'exec 3<>/dev/tcp/45.45.9.9/443'))
    assert.deepEqual(rig.net.gateway.inside(readClientQueries), { '10.77.1.2': 7, 'fd77:1::/64': 7 })
    exchange('45.45.1.9', 10)
    await recordFor('45.45.1.9')
    const lines = readFileSync(runtimePaths(rig.layout).endedFlows, 'utf8').trim().split('\n')
    assert.equal(lines.filter((line) => line.includes('"orig.ip.protocol": 17')).length, 0)
    assert.deepEqual(
      records().filter(({ address }) => address === '45.45.9.9'),
      [],
    )
  })

  it('that are open now are shown with what they have carried', async () => {
    const program = `const s = require('net').connect(443, '45.45.1.20', () => s.write('x'.repeat(5000)))
      let n = 0; s.on('data', (d) => { n += d.length; if (n === 5000) console.log('done') })`
    const client = spawn('ip', ['netns', 'exec', rig.net.client1.name, process.execPath, '-e', program])
    try {
      await new Promise((resolve) => client.stdout.once('data', resolve))
      const { data, text } = await rig.net.gateway.inside(() => showFlows(rig.layout, { client: '10.77.1.2' }))
      const [flow] = data.flows
      assert.deepEqual([data.total, flow?.address, flow?.port, flow?.group], [1, '45.45.1.20', 443, 'default'])
      assert.ok(flow!.bytesUp! > 5000 && flow!.bytesDown! > 5000 && flow!.seconds! < 60, JSON.stringify(flow))
      assert.match(
        text,
        /^Client .*Sent +Received +Age\n-.*\n10\.77\.1\.2 +default +- +45\.45\.1\.20:443\/tcp +5\.\d KiB/,
      )
      assert.equal((await rig.net.gateway.inside(() => showFlows(rig.layout, { client: '10.77.2.2' }))).data.total, 0)
    } finally {
      client.kill()
    }
  })

  it('are shown as they end, in the log afterwards, in the telemetry and in the metrics', async () => {
    const leave = new AbortController()
    const lines: string[] = []
    const monitoring = monitorLog(rig.layout, { verdict: 'allow' }, (line) => lines.push(line), leave.signal)
    const again = () => {
      exchange('45.45.1.30', 10)
      return lines.find((line) => line.includes('45.45.1.30'))
    }
    const line = await until('the monitor shows a line', 8_000, again)
    leave.abort()
    await monitoring
    assert.match(
      line,
      /^[\d-]+ [\d:]+ allow {2}10\.77\.1\.2 45\.45\.1\.30 443\/tcp [\d.]+ B sent, \d+ B received in \d+ s\n$/,
    )
    assert.ok((await showLog(rig.layout, { verdict: 'allow' })).text.includes(line))
    const { rows, total } = await askTelemetry(rig.layout, { window: '5m', by: 'label' })
    assert.deepEqual([rows[0]?.key, rows[0]!.flows! >= 4, total.flows! >= 5], ['partner', true, true])
    assert.match((await showTelemetry(rig.layout, { window: '5m' })).text, /Flows ended: +[1-9]/)
    const metrics = await askMetrics(rig.layout)
    assert.match(metrics, /^clawgress_flow_bytes_total\{group="default",direction="up"\} [1-9]/m)
    assert.ok(metrics.includes(`clawgress_generation_info{generation="${rig.plan.generation}"} 1\n`))
  })

  it('are counted by the kernel only as long as we want it to', () => {
    assert.equal(accounting(), '1')
    rig.net.gateway.inside(() => putAccountingBack(rig.layout))
    assert.equal(accounting(), '0')
    rig.net.gateway.sysctl(ACCOUNTING, 1)
    rig.net.gateway.inside(() => turnAccountingOn(rig.layout))
    rig.net.gateway.inside(() => putAccountingBack(rig.layout))
    assert.equal(accounting(), '1', 'it was on before us')
  })
})
