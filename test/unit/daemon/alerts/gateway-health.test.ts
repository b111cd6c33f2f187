import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { layoutBelow, runtimePaths } from '../../../../src/base/layout.ts'
import type { Condition } from '../../../../src/daemon/alerts/alert.ts'
import { AlertBook } from '../../../../src/daemon/alerts/alert-book.ts'
import { ApiKeys } from '../../../../src/daemon/alerts/api-keys.ts'
import { Certificates } from '../../../../src/daemon/alerts/certificates.ts'
import { EventAlerts } from '../../../../src/daemon/alerts/event-alerts.ts'
import {
  changedPolicyFile,
  failingNameServers,
  stoppedServices,
  unprovenGeneration,
} from '../../../../src/daemon/alerts/gateway-health.ts'
import { ALERT_SETTINGS_FILE } from '../../../../src/daemon/alerts/settings.ts'
import { API_SETTINGS_FILE } from '../../../../src/daemon/api/settings.ts'
import { WHY_SETTINGS_FILE } from '../../../../src/daemon/why/settings.ts'
import type { Plan } from '../../../../src/plan/types.ts'
import { DaemonWatch } from '../../../../src/services/guard/daemon-watch.ts'
import { PolicyFileWatch } from '../../../../src/services/guard/policy-file-watch.ts'
import { ALERT_SCHEMA, COMMIT_SCHEMA, type GuardSight } from '../../../../src/services/index.ts'
import { tempFolder } from '../temp-folder.ts'
import { denial } from './records.ts'

const GENERATION = '0123456789abcdef'
const LIVE = { generation: GENERATION } as Plan
const NOBODY_KNOWS = { unknown: 'It could not be asked.' }
const TIME = '2026-11-22T12:00:00.000Z'

const sight = (fields: Partial<GuardSight> = {}): GuardSight => ({
  seenAt: 0,
  ruleset: { present: true, intact: true, closed: false, generation: GENERATION },
  counters: NOBODY_KNOWS,
  clientQueries: NOBODY_KNOWS,
  units: [{ name: 'clawgress-named', description: 'd', state: 'running', restarts: 0 }],
  policyFile: { state: 'same', path: '/config/policy.json' },
  ...fields,
})

describe('the health of a gateway', () => {
  it('is good where everything runs and stands', () => {
    assert.deepEqual(stoppedServices(sight()), [])
    assert.deepEqual(unprovenGeneration(sight(), LIVE), [])
    assert.deepEqual(changedPolicyFile(sight()), [])
    assert.deepEqual(changedPolicyFile(sight({ policyFile: { state: 'none' } })), [])
  })

  it('is not known where nobody has looked, but for the one who should have', () => {
    const unknown = sight({ ruleset: NOBODY_KNOWS, units: NOBODY_KNOWS, policyFile: NOBODY_KNOWS })
    assert.equal(stoppedServices(unknown), undefined)
    for (const each of [unknown, undefined]) {
      assert.equal(unprovenGeneration(each, LIVE), undefined)
      assert.equal(changedPolicyFile(each), undefined)
    }
    assert.equal(unprovenGeneration(sight(), undefined), undefined)
    assert.deepEqual(
      stoppedServices(undefined)!.map(({ labels }) => labels),
      [{ service: 'clawgress-guard' }],
    )
    assert.equal(failingNameServers(undefined), undefined)
  })

  it('names the service that does not run, and how it ended', () => {
    const units = [
      { name: 'clawgress-named', description: 'd', state: 'waiting', restarts: 3, lastExit: 'signal SIGSEGV' },
    ] as const
    const [stopped] = stoppedServices(sight({ units }))!
    assert.deepEqual([stopped!.labels, stopped!.severity], [{ service: 'clawgress-named' }, 'critical'])
    assert.match(stopped!.summary, /clawgress-named is waiting\. .* signal SIGSEGV/)
  })

  it('does not suffer from a service that a change under way starts anew, unless it stays away', () => {
    const units = [{ name: 'clawgress-named', description: 'd', state: 'starting', restarts: 0 }] as const
    const book = new AlertBook()
    const see = (monotonic: number, isChanging: boolean) =>
      book.update('services', stoppedServices(sight({ units, isChanging })), 0, monotonic).length
    assert.deepEqual([see(0, true), see(59_000, true), see(59_500, false)], [0, 0, 1])
    const again = new AlertBook()
    const stays = [0, 60_000].map((at) =>
      again.update('services', stoppedServices(sight({ units, isChanging: true })), 0, at),
    )
    assert.deepEqual(
      stays.map(({ length }) => length),
      [0, 1],
    )
  })

  it('is told of a daemon that did not run as of what is over, because it is the daemon who tells', () => {
    const events = new EventAlerts(0)
    const message = 'clawgressd is stopped: nothing is recorded, until it runs again.'
    events.take({ schema: ALERT_SCHEMA, time: TIME, event: 'service.down', message, unit: 'clawgressd' }, 1)
    const [told] = events.guardEvents(2)
    assert.equal(told!.summary, `clawgressd did not run at ${TIME}, and runs again.`)
    assert.equal(told!.severity, 'warning')
  })

  it('is bad with any other ruleset than the proven one', () => {
    const whole = { present: true, intact: true, closed: false, generation: GENERATION }
    for (const [ruleset, words] of [
      [{ ...whole, present: false }, /missing/],
      [{ ...whole, intact: false }, /changed by another program/],
      [{ ...whole, closed: true }, /Everything is denied/],
      [{ ...whole, generation: 'fedcba9876543210' }, /carries generation fedcba9876543210/],
    ] as const) {
      const [unproven] = unprovenGeneration(sight({ ruleset }), LIVE)!
      assert.match(unproven!.summary, words)
      assert.match(unproven!.summary, new RegExp(GENERATION))
    }
  })

  it('suffers from a name server that does not answer again and again', () => {
    const server = { address: '2001:db8::53', port: 53, healthy: false, asked: 9, failed: 3, failuresInRow: 3 }
    const [failing] = failingNameServers([server, { ...server, failuresInRow: 2 }])!
    assert.deepEqual(failing!.labels, { server: '2001:db8::53', port: '53' })
  })

  it('suffers where allowed names do not resolve, and from commits that prove nothing; each for some minutes', () => {
    const events = new EventAlerts(0)
    for (let i = 0; i < 9; i++) events.take(denial({ reason: 'dns.upstream' }), 1)
    assert.deepEqual(events.unresolvedNames(2), [])
    events.take(denial({ reason: 'dns.upstream' }), 1)
    assert.equal(events.unresolvedNames(2).length, 1)
    assert.deepEqual(events.unresolvedNames(70_000), [])
    const failed = { schema: COMMIT_SCHEMA, event: 'failed', time: TIME, user: 'u' } as const
    events.take({ ...failed, problems: [{ code: 'policy.name', message: 'm' }] }, 1)
    assert.deepEqual(events.failedCommits(2), [])
    events.take({ ...failed, problems: [{ code: 'apply.proof', message: 'The pinner sleeps.' }] }, 1)
    assert.match((events.failedCommits(2) as Condition[])[0]!.summary, /The pinner sleeps/)
    assert.deepEqual(events.failedCommits(400_000), [])
    events.take({ ...failed, problems: [{ code: 'apply.proof', message: 'It sleeps again.' }] }, 400_000)
    assert.equal(events.failedCommits(400_001)?.length, 1)
    events.take({ ...failed, event: 'live' }, 400_002)
    assert.equal(events.failedCommits(400_003), 'over')
  })

  it('passes on what the guard tells, and never what it told itself', () => {
    const events = new EventAlerts(0)
    const told = { schema: ALERT_SCHEMA, time: TIME, event: 'table.restored', message: 'It is back.' } as const
    events.take({ ...told, state: 'firing' }, 1)
    assert.deepEqual(events.guardEvents(2), [])
    events.take({ ...told, unit: 'x' }, 1)
    const [passed] = events.guardEvents(2)
    assert.deepEqual([passed!.event, passed!.labels, passed!.syslog], ['table.restored', { service: 'x' }, false])
  })
})

describe('the end of a certificate', () => {
  const folder = tempFolder()
  const DAY = 86_400_000
  const certificate = (name: string, days: number) =>
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-days', String(days)],
        ...['-subj', `/CN=${name}`, '-keyout', join(folder(), 'key.pem'), '-out', '-'],
      ],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    )

  it('is that of the one in its chain that ends first', () => {
    const chain = [certificate('gw', 90), certificate('between', 20), certificate('root', 3650)].join('')
    writeFileSync(join(folder(), API_SETTINGS_FILE), JSON.stringify({ tls: { certificate: chain } }))
    const told = new Certificates(folder()).evaluate(Date.now())
    assert.deepEqual(
      told.map(({ summary }) => summary.slice(0, 32)),
      ['The certificate CN=between (api)'],
    )
  })

  it('is told 30 days before, as critical 7 days before, for everything that has one', () => {
    const pem = certificate('gw', 40)
    const put = (name: string, value: object) => writeFileSync(join(folder(), name), JSON.stringify(value))
    put(API_SETTINGS_FILE, { tls: { certificate: pem, key: 'x' } })
    put(WHY_SETTINGS_FILE, { name: 'x', tls: { certificate: pem, key: 'x' } })
    put(ALERT_SETTINGS_FILE, { webhooks: [{ id: 'pager', authorities: pem }] })
    const certificates = new Certificates(folder())
    const uses = (days: number) =>
      certificates.evaluate(Date.now() + days * DAY).map(({ labels, severity }) => `${labels.use} ${severity}`)
    assert.deepEqual(uses(9), [])
    assert.deepEqual(uses(11), ['api warning', 'why-page warning', 'webhook pager warning'])
    assert.deepEqual(uses(34), ['api critical', 'why-page critical', 'webhook pager critical'])
    assert.match(certificates.evaluate(Date.now() + 50 * DAY)[0]!.summary, /CN=gw.* ended on 20/)
    put(API_SETTINGS_FILE, { tls: { certificate: 'damaged', key: 'x' } })
    put(WHY_SETTINGS_FILE, { name: 'x' })
    const loop = join(folder(), ALERT_SETTINGS_FILE)
    rmSync(loop)
    symlinkSync(loop, loop)
    assert.deepEqual(uses(34), ['webhook pager critical'], 'what cannot be looked at is as it was')
    rmSync(loop)
    assert.deepEqual(uses(34), [])
  })
})

describe('the end of a key of the API', () => {
  const folder = tempFolder()
  it('is told 7 days before, and as critical when it has come', () => {
    const keys = [
      { id: 'ci', role: 'admin', hash: '00'.repeat(32), expires: '2027-01-31T00:00:00.000Z' },
      { id: 'board', role: 'viewer', hash: '11'.repeat(32) },
    ]
    const settings = { listen: ['127.0.0.1'], port: 8443, allowClients: [], salt: '00'.repeat(32), keys }
    const apiKeys = new ApiKeys(folder())
    const told = (time: string) =>
      apiKeys.evaluate(Date.parse(time)).map(({ labels, severity, summary }) => [labels.key, severity, summary])
    assert.deepEqual(told('2027-01-30T00:00:00Z'), [])
    writeFileSync(join(folder(), API_SETTINGS_FILE), JSON.stringify(settings))
    assert.deepEqual(told('2027-01-23T23:59:59Z'), [])
    assert.deepEqual(told('2027-01-24T00:00:01Z'), [
      ['ci', 'warning', 'The API key of ci ends at 2027-01-31T00:00:00.000Z.'],
    ])
    assert.deepEqual(told('2027-01-31T00:00:00Z'), [
      ['ci', 'critical', 'The API key of ci ended at 2027-01-31T00:00:00.000Z.'],
    ])
    const file = join(folder(), API_SETTINGS_FILE)
    rmSync(file)
    symlinkSync(file, file)
    assert.equal(told('2027-01-31T00:00:00Z').length, 1, 'what cannot be looked at is as it was')
    rmSync(file)
    assert.deepEqual(told('2027-01-31T00:00:00Z'), [])
  })
})

describe('the policy file, seen by the guard,', () => {
  const folder = tempFolder()
  it('is compared with what was activated', async () => {
    const layout = layoutBelow(folder())
    const { current } = runtimePaths(layout)
    const generation = join(layout.run, 'generations', GENERATION)
    const file = join(layout.config, 'policy.json')
    for (const path of [generation, layout.config]) mkdirSync(path, { recursive: true })
    const watch = new PolicyFileWatch(layout)
    assert.deepEqual(await watch.look(), { state: 'none' })
    symlinkSync(generation, current)
    writeFileSync(join(generation, 'source.json'), JSON.stringify({ policyFile: '/config/policy.json' }))
    writeFileSync(join(generation, 'policy.json'), '{"version":1}')
    const path = '/config/policy.json'
    assert.deepEqual(await watch.look(), { state: 'missing', path })
    for (const [text, state] of [
      ['{"version":1}', 'same'],
      ['{"version":2}', 'changed'],
      ['{"version":1}\n', 'changed'],
      ['{"version":1}', 'same'],
    ] as const) {
      rmSync(file, { force: true })
      writeFileSync(file, text)
      assert.deepEqual(await watch.look(), { state, path }, text)
    }
    rmSync(file)
    execFileSync('mkfifo', [file])
    assert.deepEqual(await watch.look(), { state: 'changed', path })
    writeFileSync(join(generation, 'source.json'), '{}')
    assert.deepEqual(await watch.look(), { state: 'none' })
    assert.equal(readFileSync(join(generation, 'policy.json'), 'utf8'), '{"version":1}')
  })
})

describe('a daemon that does not run', () => {
  it('is told by the guard once, when it does not come back', () => {
    const told: string[] = []
    const watch = new DaemonWatch({ raise: (event, message) => told.push(`${event} ${message}`) })
    const see = (state: 'running' | 'failed', monotonic: number, isChanging = false) =>
      watch.see([{ name: 'clawgressd', state, lastExit: 'signal SIGKILL' }], isChanging, monotonic)
    see('failed', 0)
    see('failed', 9_000)
    see('running', 9_500)
    see('failed', 10_000)
    assert.deepEqual(told, [])
    see('failed', 20_000, true)
    see('failed', 65_000, true)
    assert.deepEqual(told, [])
    see('failed', 65_100)
    see('failed', 75_000)
    assert.equal(told.length, 1)
    assert.match(told[0]!, /^service\.down clawgressd is failed.*SIGKILL/)
  })
})
