import assert from 'node:assert/strict'
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { type Layout, layoutBelow, runtimePaths } from '../../../../src/base/layout.ts'
import { DaemonAlerts } from '../../../../src/daemon/alerts/daemon-alerts.ts'
import type { AlertSettings } from '../../../../src/daemon/alerts/settings.ts'
import { GuardWatch } from '../../../../src/daemon/guard-watch.ts'
import { PlanWatch } from '../../../../src/daemon/plan-watch.ts'
import { type AnyRecord, parseRecord } from '../../../../src/daemon/records/kinds/record-kinds.ts'
import { RecordBus } from '../../../../src/daemon/records/outputs/record-bus.ts'
import type { SyslogCommand } from '../../../../src/daemon/records/outputs/system-log.ts'
import { newestRecords } from '../../../../src/daemon/records/reading/newest-records.ts'
import { COMMIT_SCHEMA } from '../../../../src/services/index.ts'
import { until } from '../../../../src/standalone/lab/until.ts'
import { SmallDisk } from '../../../e2e/support/small-disk.ts'
import { tempFolder } from '../temp-folder.ts'
import { Receiver } from './receiver.ts'
import { denial } from './records.ts'

const SECRET = `whsec_${Buffer.alloc(24, 1).toString('base64')}`

describe('the alerts of a daemon', () => {
  const folder = tempFolder()
  let number = 0
  let layout: Layout
  let bus: RecordBus
  let receiver: Receiver
  let alerts: DaemonAlerts
  let time: number
  let settings: AlertSettings
  let syslogCommand: SyslogCommand
  const published: AnyRecord[] = []

  const configure = (more: Partial<AlertSettings>) => {
    settings = { ...settings, ...more }
    const file = join(layout.run, 'generation', 'alerts.json')
    rmSync(file, { force: true })
    writeFileSync(file, JSON.stringify(settings))
  }
  const start = () => {
    bus = new RecordBus()
    alerts = new DaemonAlerts({
      layout,
      plans: new PlanWatch(layout),
      guard: new GuardWatch(layout),
      onRecord: (listener) => bus.onRecord(listener),
      publish: (records) => published.push(...records),
      syslogCommand,
    })
    time = performance.now()
  }
  /** A look, so many milliseconds after the last. */
  const look = (milliseconds = 1_000, wall = Date.now()) => {
    time += milliseconds
    alerts.step(wall, time)
  }
  /** So many messages have come, and the daemon knows that the last one was taken. */
  const told = (messages: number, what: string) =>
    until(
      what,
      5_000,
      () => receiver.received.length === messages && alerts.report().webhooks[0]!.lastSuccess !== undefined,
    )
  const firing = () => alerts.report().firing.map(({ event }) => event)

  beforeEach(async () => {
    layout = layoutBelow(join(folder(), String(number++)))
    for (const path of [join(layout.run, 'generation'), layout.log, layout.state]) mkdirSync(path, { recursive: true })
    symlinkSync(join(layout.run, 'generation'), runtimePaths(layout).current)
    receiver = await Receiver.open()
    const webhook = { id: 'pager', url: receiver.url, format: 'webhook', secret: SECRET } as const
    const rule = { name: 'any', reasons: [], groups: [], threshold: 1, intervalSeconds: 10, syslog: true }
    settings = { rules: [rule], webhooks: [webhook], silenced: ['service.down'], learningHours: 0 }
    configure({})
    published.length = 0
    // Says of each line that it has it, as logger(1) does.
    syslogCommand = (facility) => ['sh', '-c', `tee -a ${folder()}/syslog-${facility} | sed -u 's/^/<140>/' >&2`]
    start()
  })
  afterEach(async () => {
    await alerts.close()
    receiver.close()
  })

  it('are written down as records, told to syslog, listeners and webhooks', async () => {
    bus.publish([denial()])
    look()
    const { records } = await newestRecords(layout, { kinds: ['alert'] })
    assert.deepEqual(records.map(({ event }) => event).sort(), ['client.first-denial', 'rule.any'])
    assert.deepEqual(published.map(({ event }) => event).sort(), ['client.first-denial', 'rule.any'])
    for (const line of readFileSync(runtimePaths(layout).daemonAlerts, 'utf8').trim().split('\n'))
      assert.deepEqual(
        Object.entries(parseRecord('alert', line)!).find(([key]) => key === 'state'),
        ['state', 'firing'],
      )
    await told(1, 'the webhook is told')
    await until('syslog is told', 15_000, () => readdirSync(folder()).includes('syslog-local7'))
  })

  it('go on after a restart as if nothing had been, and nobody is told twice', async () => {
    bus.publish([denial()])
    look()
    await told(1, 'the webhook is told')
    await alerts.close()
    start()
    look()
    bus.publish([denial({ id: 'a-2' })])
    look()
    assert.deepEqual(firing().sort(), ['client.first-denial', 'rule.any'])
    assert.deepEqual(statSync(join(runtimePaths(layout).alertsFolder, 'state.json')).mode & 0o007, 0)
    bus.publish([denial({ client: '10.77.0.9' })])
    look()
    await told(2, 'the webhook is told of another client')
    const { alerts: newer } = JSON.parse(receiver.received[1]!.body) as { alerts: { labels: { client: string } }[] }
    assert.deepEqual(
      newer.map(({ labels }) => labels.client),
      ['10.77.0.9'],
    )
  })

  it('neither storm nor fall silent when the clock jumps', async () => {
    bus.publish([denial()])
    look()
    await told(1, 'the webhook is told')
    const year = 365 * 86_400_000
    for (const wall of [Date.now() + year, Date.now() - year, Date.now() + year]) {
      bus.publish([denial({ time: new Date().toISOString() })])
      look(1_000, wall)
    }
    assert.deepEqual(firing().sort(), ['client.first-denial', 'rule.any'])
    assert.equal(published.length, 2)
    bus.publish([denial({ client: '10.77.0.9' })])
    look(1_000, Date.now() - year)
    assert.equal(published.length, 3)
  })

  it('begin anew, and say so, where what was kept is damaged', async () => {
    bus.publish([denial()])
    look()
    await alerts.close()
    const state = join(runtimePaths(layout).alertsFolder, 'state.json')
    writeFileSync(state, '{"version":1,"alerts":[{"x":')
    start()
    assert.deepEqual(firing(), [])
    bus.publish([denial({ client: '10.77.0.9' })])
    look()
    assert.match(alerts.troubles.join(), /damaged; it is in .*state\.json\.damaged, and alerts begin anew/)
    assert.match(readFileSync(`${state}.damaged`, 'utf8'), /^\{"version":1,"alerts":\[\{"x":$/)
    assert.match(readFileSync(state, 'utf8'), /10\.77\.0\.9/)
  })

  it('keep and later take over what cannot be read for a moment', async () => {
    bus.publish([denial()])
    look()
    await told(1, 'the webhook is told')
    await alerts.close()
    const state = join(runtimePaths(layout).alertsFolder, 'state.json')
    renameSync(state, `${state}.elsewhere`)
    // Neither missing nor damaged, but not to be read either.
    symlinkSync(state, state)
    start()
    bus.publish([denial({ client: '10.77.0.9' })])
    look()
    assert.match(alerts.troubles.join(), /cannot be read from .*state\.json: ELOOP.* It is tried again/)
    assert.ok(lstatSync(state).isSymbolicLink(), 'nothing was written over it')
    await told(2, 'the webhook is told meanwhile')
    rmSync(state)
    renameSync(`${state}.elsewhere`, state)
    look()
    assert.deepEqual(alerts.troubles, [])
    assert.deepEqual(firing().sort(), ['client.first-denial', 'client.first-denial', 'rule.any'])
    await alerts.close()
    assert.equal(receiver.received.length, 2)
    assert.match(readFileSync(state, 'utf8'), /10\.77\.0\.9/)
  })

  it('keep rules and receivers where new settings cannot be read, and say so', () => {
    writeFileSync(join(layout.run, 'generation', 'alerts.json'), '{"rules":')
    look()
    assert.match(alerts.troubles.join(), /settings of alerts cannot be read/)
    bus.publish([denial()])
    look()
    assert.ok(firing().includes('rule.any'))
  })

  it('use new settings as soon as they can be read, which they could not be for a moment', () => {
    configure({ rules: [] })
    const file = join(layout.run, 'generation', 'alerts.json')
    renameSync(file, `${file}.elsewhere`)
    symlinkSync(`${file}.elsewhere`, file)
    look()
    assert.match(alerts.troubles.join(), /settings of alerts cannot be read: ELOOP/)
    renameSync(`${file}.elsewhere`, file)
    look(5_001)
    assert.deepEqual(alerts.troubles, [])
    bus.publish([denial()])
    look()
    assert.deepEqual(firing(), ['client.first-denial'])
  })

  it('tell of a failed commit until the next that is proven, and of its end at once', () => {
    const commit = { schema: COMMIT_SCHEMA, time: new Date().toISOString(), user: 'u' } as const
    bus.publish([{ ...commit, event: 'failed', problems: [{ code: 'apply.proof', message: 'The pinner sleeps.' }] }])
    look()
    assert.deepEqual(firing(), ['generation.not-proven'])
    bus.publish([{ ...commit, event: 'live' }])
    look()
    assert.deepEqual(firing(), [])
    assert.deepEqual(alerts.report().resolved[0]?.event, 'generation.not-proven')
  })

  it('do not tell a new webhook of what is over, and tell it what still fires', async () => {
    configure({ webhooks: [] })
    bus.publish([denial()])
    look()
    configure({ rules: [] })
    look()
    assert.deepEqual(
      alerts.report().resolved.map(({ event }) => event),
      ['rule.any'],
    )
    configure({ webhooks: [{ id: 'new', url: receiver.url, format: 'webhook', secret: SECRET }] })
    look()
    await told(1, 'the webhook is told')
    assert.match(receiver.received[0]!.body, /client\.first-denial/)
    assert.doesNotMatch(receiver.received[0]!.body, /rule\.any/)
  })

  it('are tried out on request, one test at a time, without a trace among those that fire', async () => {
    const tests = [alerts.test(), alerts.test()]
    await assert.rejects(tests[1]!, /Another test of the alerts is under way/)
    assert.deepEqual(
      (await tests[0]!).map(({ receiver: name, isTaken }) => [name, isTaken]),
      [
        ['file', true],
        ['syslog', true],
        ['pager', true],
      ],
    )
    look()
    assert.deepEqual([firing(), alerts.report().resolved], [[], []])
    assert.equal(receiver.received.length, 2)
    assert.match(readFileSync(runtimePaths(layout).daemonAlerts, 'utf8'), /"event":"test","state":"firing"/)
    await assert.rejects(alerts.test('nobody'), /There is no webhook nobody/)
    assert.deepEqual(
      (await alerts.test('pager')).map(({ receiver: name }) => name),
      ['pager'],
    )
  })

  it('are tried out as not taken by syslog, and counted, where its sender takes nothing', async () => {
    await alerts.close()
    syslogCommand = () => ['false']
    start()
    assert.deepEqual(
      (await alerts.test()).map(({ receiver: name, isTaken, answer }) => [name, isTaken, answer]),
      [
        ['file', true, 'it was written'],
        ['syslog', false, 'it did not take it'],
        ['pager', true, 'it answered 200'],
      ],
    )
    assert.deepEqual(alerts.lost, { disk: 0, syslog: 2 })
  })

  it('lose nothing on a full disk, and keep what they know when there is room again', async () => {
    const { alertsFolder } = runtimePaths(layout)
    const kept = () => readFileSync(join(alertsFolder, 'state.json'), 'utf8')
    await alerts.close()
    await using disk = await SmallDisk.mount(alertsFolder)
    start()
    bus.publish([denial()])
    look()
    await told(1, 'the webhook is told')
    look()
    const before = kept()
    await disk.fill()
    bus.publish([denial({ client: '10.77.0.9' })])
    look()
    await told(2, 'the webhook is told of what cannot be written down')
    assert.match(alerts.troubles.join(), /state\.json cannot be written: ENOSPC/)
    assert.equal(kept(), before)
    await disk.empty()
    look()
    assert.deepEqual(alerts.troubles, [])
    assert.match(kept(), /10\.77\.0\.9/)
    await alerts.close()
  })

  it('fire without a disk, and say that it is missing', async () => {
    rmSync(layout.state, { recursive: true })
    writeFileSync(layout.state, 'no folder')
    bus.publish([denial()])
    look()
    await told(1, 'the webhook is told')
    assert.match(alerts.troubles.join(), /cannot be written/)
  })
})
