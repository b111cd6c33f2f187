import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { runtimePaths } from '../../../src/base/layout.ts'
import { newestRecords } from '../../../src/daemon/records/reading/newest-records.ts'
import type { TelemetryAnswer, TelemetryRow } from '../../../src/daemon/telemetry/telemetry.ts'
import { mustCommit } from '../support/commits.ts'
import { until, useLab } from '../support/lab.ts'

const POLICY = {
  version: 1,
  allow: { domains: ['api.openai.com'], ports: [443] },
  labels: { 'api.openai.com': 'llm-provider' },
}
const WITHIN_MS = 15_000
/** Longer than between two looks at the counters of the kernel. */
const COUNTED_MS = 3_000

describe('telemetry of a gateway with real agents', function () {
  this.timeout(60_000)
  const lab = useLab(POLICY)
  const rows = async (by: string): Promise<TelemetryAnswer> => {
    const [answer] = await lab().gateway.ask<[TelemetryAnswer]>(['telemetry', '--window', '1h', '--by', by])
    return answer
  }
  /** Looks until the row is as wanted. */
  const rowOf = async (by: string, key: string, isThere: (row: TelemetryRow) => boolean): Promise<TelemetryRow> =>
    until(`the row of ${by} ${key} is there`, WITHIN_MS, async () =>
      (await rows(by)).rows.find((each) => each.key === key && isThere(each)),
    )

  /** The client's row when all its questions so far have been counted. */
  const settled = async (client: string): Promise<TelemetryRow> => {
    let [known, since] = [-1, 0]
    return rowOf('client', client, ({ queries }) => {
      if (queries !== known) [known, since] = [queries!, Date.now()]
      return Date.now() - since >= COUNTED_MS
    })
  }

  it('counts questions by client and group, cache hits by group, resolutions by name and label', async () => {
    const agent = lab().agent(1)
    // The first look at a counter is only remembered; what comes after it counts.
    const counts = async () => {
      await agent.resolve('api.openai.com')
      return (await rows('group')).rows.some(({ queries, cacheHits }) => queries! > 0 && cacheHits! > 0)
    }
    await until('questions are counted', WITHIN_MS, counts)
    const before = await settled(agent.address4)
    for (let i = 0; i < 5; i++) await agent.resolve('api.openai.com')
    await agent.resolve('www.example.com')
    const known = before.queries!
    const client = await rowOf(
      'client',
      agent.address4,
      ({ queries, denials }) => queries! >= known + 6 && denials! >= 1,
    )
    assert.deepEqual([client.queries, client.cacheHits, client.resolutions], [known + 6, null, null])
    assert.deepEqual(client.denialsByReason, { 'dns.not-allowed': 1 })
    const group = await rowOf('group', 'default', ({ cacheHits }) => cacheHits! >= 4)
    assert.equal(group.queries, client.queries)
    for (const [by, key] of [
      ['name', 'api.openai.com'],
      ['label', 'llm-provider'],
    ] as const) {
      const row = await rowOf(by, key, ({ resolutions }) => resolutions! >= 1)
      assert.deepEqual([row.queries, row.cacheHits, row.resolutions], [null, null, 1])
    }
  })

  it('counts flows and octets by the name that the pinner knows', async () => {
    const agent = lab().agent(1)
    const fetched = await agent.fetch('https://api.openai.com/')
    assert.equal(fetched.status, 200, fetched.error)
    const open = await lab().gateway.clawgress(['flows', '--json'])
    assert.match(open.stdout, /"flows"/)
    await lab().gateway.exec(['conntrack', '-F'])
    const name = await rowOf('name', 'api.openai.com', ({ flows }) => flows! >= 1)
    assert.ok(name.bytesUp! > 500 && name.bytesDown! > 1000, JSON.stringify(name))
    const [flow] = (await newestRecords(lab().gateway.layout, { kinds: ['allow'] })).records
    assert.ok(flow?.schema === 'clawgress.flow/1')
    assert.deepEqual(
      [flow.name, flow.label, flow.reason, flow.rule?.text],
      ['api.openai.com', 'llm-provider', 'allow.name', 'api.openai.com'],
    )
    const live = await lab().gateway.ask<{ generation: string }>(['status'])
    assert.equal(flow.generation, live.generation)
  })

  it('has a record of the commit', async () => {
    const [commit] = (await newestRecords(lab().gateway.layout, { kinds: ['commit'] })).records
    assert.ok(commit?.schema === 'clawgress.commit/1')
    assert.deepEqual([commit.event, commit.source], ['live', '/config/policy.json'])
    assert.match((await lab().gateway.clawgress(['metrics'])).stdout, /^clawgress_enforcing 1$/m)
  })

  it('goes on after the daemon was killed', async () => {
    const { gateway } = lab()
    const pids = (await gateway.exec(['ip', 'netns', 'pids', gateway.namespace])).stdout.trim().split('\n')
    const commandOf = (pid: string) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1')
      } catch {
        return '' // It ended meanwhile.
      }
    }
    const daemon = pids.find((pid) => /clawgress\.mjs\0daemon/.test(commandOf(pid)))
    process.kill(Number(daemon), 'SIGKILL')
    await until(
      'the daemon answers',
      WITHIN_MS,
      async () => (await gateway.clawgress(['metrics'], { mayFail: true })).exitCode === 0,
    )
    const known = (await rows('name')).rows.find(({ key }) => key === 'www.example.org')?.denials ?? 0
    await lab().agent(1).resolve('www.example.org')
    await rowOf('name', 'www.example.org', ({ denials }) => denials! > known)
  })

  it('goes on where records are switched off, and nothing is written', async () => {
    const { gateway } = lab()
    await mustCommit(lab(), { proposed: { ...LOGGED_OFF } })
    const size = () => readFileSync(runtimePaths(gateway.layout).decisions).length
    const before = size()
    const known = (await rows('reason')).rows.find(({ key }) => key === 'dns.not-allowed')?.denials ?? 0
    await lab().agent(1).resolve('www.example.com')
    await rowOf('reason', 'dns.not-allowed', ({ denials }) => denials! > known)
    assert.equal(size(), before)
  })
})

const LOGGED_OFF = {
  'policy-file': '/config/policy.json',
  client: { interface: ['eth1', 'eth2'] },
  dns: { 'root-hints': '/config/root.hints', 'trust-anchors': '/config/trust-anchors.conf' },
  logging: { deny: 'off', allow: 'off' },
}
