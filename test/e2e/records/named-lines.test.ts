import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { runtimePaths } from '../../../src/base/layout.ts'
import { decisionRecord } from '../../../src/daemon/records/kinds/record.ts'
import { runDaemon } from '../../../src/daemon/run.ts'
import { withRndc } from '../../../src/dns/index.ts'
import { compilePlan, type Plan, writePlan } from '../../../src/plan/index.ts'
import { parsePolicy } from '../../../src/policy/index.ts'
import { testSettings } from '../../unit/daemon/settings.ts'
import { DnsRig } from '../support/dns/rig.ts'
import { until } from '../support/lab.ts'
import { readRecords } from '../support/record-log.ts'

const POLICY = {
  version: 1,
  allow: { domains: ['api.example.org', '*.wild.example.org'] },
  deny: { domains: ['ads.wild.example.org'] },
  labels: { 'ads.wild.example.org': 'tracker' },
}

const CLIENTS = [
  ['IPv4', '10.77.0.1', '10.77.0.2'],
  ['IPv6', 'fd77::1', 'fd77::2'],
] as const

describe('denied questions', () => {
  let rig: DnsRig
  let plan: Plan
  let stop: AbortController
  let daemon: Promise<void>

  const records = () => readRecords(runtimePaths(rig.layout).decisions, decisionRecord)
  const recordFor = (name: string, client: string) =>
    until(`there is a record of ${name} by ${client}`, 8_000, () =>
      records().find((record) => record.name === name && record.client === client),
    )
  /** Asks named as a client does; says the response code. */
  const dig = (server: string, client: string, ...question: string[]): string => {
    const words = [`@${server}`, '-b', client, '-p', '5053', '+tries=1', '+time=3', ...question]
    return /status: (\w+)/.exec(execFileSync('dig', words, { encoding: 'utf8' }))?.[1] ?? 'none'
  }

  before(async () => {
    rig = await DnsRig.open()
    for (const address of ['10.77.0.1/24', '10.77.0.2/24', 'fd77::1/64', 'fd77::2/64'])
      execFileSync('ip', ['address', 'add', address, 'dev', 'lo'])
    const settings = { ...testSettings, listenAddresses: ['10.77.0.1', 'fd77::1'] }
    plan = compilePlan(parsePolicy(Buffer.from(JSON.stringify(POLICY))).policy, settings, {})
    const generation = join(rig.layout.run, 'generations', plan.generation)
    mkdirSync(dirname(generation), { recursive: true })
    writePlan(plan, join(generation, 'plan'))
    symlinkSync(generation, runtimePaths(rig.layout).current)
    await rig.start(plan)
    stop = new AbortController()
    daemon = runDaemon({
      layout: rig.layout,
      signal: stop.signal,
      syslogCommand: () => ['cat'],
      lookUpNames: async () => new Map(),
    })
  })

  after(async () => {
    stop?.abort()
    await daemon
    await rig?.close()
  })

  for (const [family, server, client] of CLIENTS) {
    it(`over ${family} are one record for A and AAAA, with client and reason`, async () => {
      assert.equal(dig(server, client, 'Unlisted.test', 'A', 'unlisted.test', 'AAAA'), 'NXDOMAIN')
      const record = await recordFor('unlisted.test', client)
      assert.deepEqual(
        [record.reason, record.types, record.count, record.group, record.generation],
        ['dns.not-allowed', ['A', 'AAAA'], 2, 'default', plan.generation],
      )
      assert.ok(Math.abs(Date.parse(record.time) - Date.now()) < 10_000, record.time)
    })

    it(`over ${family} to a denied name tell its line and label`, async () => {
      dig(server, client, 'ads.wild.example.org')
      const record = await recordFor('ads.wild.example.org', client)
      assert.deepEqual([record.reason, record.rule?.path, record.label], ['dns.denied', '$.deny.domains[0]', 'tracker'])
    })
  }

  it('for allowed names, and by the gateway itself, leave no record', async () => {
    assert.match(await rig.result('api.example.org', 1, { from: '10.77.0.2' }), /^NOERROR/)
    await rig.ask('probe.test')
    dig('10.77.0.1', '10.77.0.2', 'after.test')
    await recordFor('after.test', '10.77.0.2')
    assert.deepEqual(
      records().filter(({ name }) => name === 'api.example.org' || name === 'probe.test'),
      [],
    )
  })

  it('with hostile names are whole records of those names', async () => {
    dig('10.77.0.1', '10.77.0.2', '"a\\032b\\010{\\"verdict\\":\\"allow\\"}/\\255".test')
    dig('10.77.0.1', '10.77.0.2', 'after-hostile.test')
    await recordFor('after-hostile.test', '10.77.0.2')
    const record = records().find(({ name }) => name?.includes('verdict'))
    assert.equal(record?.verdict, 'deny')
    assert.match(record?.name ?? '', /^[\x21-\x7e]+$/)
  })

  it('are recorded on when named turns its log over', async () => {
    const { namedDenials } = runtimePaths(rig.layout)
    dig('10.77.0.1', '10.77.0.2', 'before-turn.test')
    renameSync(namedDenials, `${namedDenials}.0`)
    await withRndc(rig.layout, (rndc) => rndc.command(['reconfig']))
    dig('10.77.0.1', '10.77.0.2', 'after-turn.test')
    await recordFor('before-turn.test', '10.77.0.2')
    await recordFor('after-turn.test', '10.77.0.2')
  })
})
