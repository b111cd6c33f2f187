import assert from 'node:assert/strict'
import { readFileSync, rmSync } from 'node:fs'
import { type Layout, runtimePaths } from '../../../src/base/layout.ts'
import { prepareFolders } from '../../../src/services/folders.ts'
import { Alerts } from '../../../src/services/guard/alerts.ts'
import { HealthWatch } from '../../../src/services/guard/health-watch.ts'
import { withLock } from '../../../src/services/lock.ts'
import type { UnitDefinition, UnitStatus } from '../../../src/services/unit-definition.ts'
import { until } from '../../../src/standalone/lab/until.ts'
import { isAlive, removeLayout, statusOf, temporaryLayout, testServices } from './support/gateway.ts'
import { responder } from './support/responder.ts'

describe('the watch over programs that hang', () => {
  let layout: Layout
  let services: ReturnType<typeof testServices>
  let ending: AbortController
  let watching: Promise<void>
  let status: () => Promise<UnitStatus[]>
  let unit: UnitDefinition

  beforeEach(async () => {
    layout = temporaryLayout()
    prepareFolders(layout)
    services = testServices(layout)
    ending = new AbortController()
    unit = responder(layout)
    status = async () => [await statusOf(layout, 'responder')]
  })
  afterEach(async () => {
    ending.abort()
    await watching
    await services.stopAll()
    removeLayout(layout)
  })

  const alerts = () => readFileSync(runtimePaths(layout).alerts, 'utf8')
  const watch = (what = unit) => {
    watching = new HealthWatch(layout, new Alerts(layout), [what], status).watch(ending.signal)
  }
  /** The process that runs the unit, once it has been up for so long that an answer of it was seen. */
  const settled = async () => {
    await services.ensure('responder')
    const { pid, since } = await statusOf(layout, 'responder')
    await until('it has answered', 15_000, () => Date.now() - since! > 1_600)
    return pid!
  }

  for (const [what, hang] of [
    ['stops answering', (pid: number) => process.kill(pid, 'SIGSTOP')],
    ['loses its socket', () => rmSync(runtimePaths(layout).pinnerFolder, { recursive: true })],
  ] as const) {
    it(`has a new process at work within 3 s when one ${what}, with an alert`, async () => {
      watch()
      const pid = await settled()
      hang(pid)
      await until('another one is at work', 15_000, async () => {
        const now = await statusOf(layout, 'responder')
        return now.pid !== pid && now.state === 'running'
      })
      assert.equal(isAlive(pid), false)
      assert.match(alerts(), /"event":"program\.hung","message":"responder, the responder, did not answer for \d\.\d s/)
    })
  }

  it('replaces one that hangs also where it was started in the future, by a clock that was set back since', async () => {
    status = async () => [{ ...(await statusOf(layout, 'responder')), since: Date.now() + 3_600_000 }]
    watch()
    const pid = await settled()
    process.kill(pid, 'SIGSTOP')
    await until('another one is at work', 15_000, async () => {
      const now = await statusOf(layout, 'responder')
      return now.pid !== pid && now.state === 'running'
    })
  })

  it('leaves alone one that answers, and one that takes its time to start', async () => {
    const readyTimeoutMs = 2_500
    watch({ ...unit, readyTimeoutMs, health: [{ kind: 'socket', path: '/nonexistent' }] })
    await services.ensure('responder')
    const { pid, since } = await statusOf(layout, 'responder')
    await until('its time is nearly over', 15_000, () => Date.now() - since! > readyTimeoutMs - 500)
    assert.equal((await statusOf(layout, 'responder')).pid, pid)
    await until('its time is over', 15_000, async () => (await statusOf(layout, 'responder')).pid !== pid)
    ending.abort()
    await watching
    ending = new AbortController()
    watch()
    const answering = await settled()
    const deadline = Date.now() + 2_500
    await until('it was asked often enough', 15_000, () => Date.now() > deadline)
    assert.equal((await statusOf(layout, 'responder')).pid, answering)
  })

  it('waits for one that does not answer because it works', async () => {
    watch()
    const pid = await settled()
    process.kill(pid, 'SIGUSR1')
    const deadline = Date.now() + 3_500
    await until('its work is done', 15_000, () => Date.now() > deadline)
    assert.equal((await statusOf(layout, 'responder')).pid, pid)
    process.kill(pid, 'SIGUSR1')
    await services.ensure('responder')
    assert.equal((await statusOf(layout, 'responder')).pid, pid)
  })

  it('is patient while the enforcement is being changed, and not after', async () => {
    watch()
    const pid = await settled()
    await withLock(layout, 0, async () => {
      process.kill(pid, 'SIGSTOP')
      const deadline = Date.now() + 2_500
      await until('it has been silent for long', 15_000, () => Date.now() > deadline)
      assert.ok(isAlive(pid))
    })
    await until('another one is at work', 15_000, async () => {
      const now = await statusOf(layout, 'responder')
      return now.pid !== pid && now.state === 'running'
    })
  })

  it('tells once when it cannot find out whether to replace one', async () => {
    status = async () => {
      throw new Error('systemctl is not there')
    }
    let asked = 0
    watching = new HealthWatch(
      layout,
      new Alerts(layout),
      [{ ...unit, health: [{ kind: 'socket', path: '/nonexistent' }] }],
      () => {
        asked++
        return status()
      },
    ).watch(ending.signal)
    await until('it was asked again', 15_000, () => asked > 2)
    assert.equal(alerts().match(/"program\.stuck".*could not be started anew: systemctl is not there/g)?.length, 1)
  })
})
