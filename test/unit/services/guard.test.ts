import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Layout, runtimePaths } from '../../../src/base/layout.ts'
import { Pause } from '../../../src/base/pause.ts'
import { holdRestore } from '../../../src/conf_mode/backup/restore-journal.ts'
import { prepareFolders } from '../../../src/services/folders.ts'
import { Alerts } from '../../../src/services/guard/alerts.ts'
import { ConfirmationWatch } from '../../../src/services/guard/confirmation.ts'
import { LogRotation } from '../../../src/services/guard/log-rotation.ts'
import { OwnTask } from '../../../src/services/guard/own-task.ts'
import { RestoreWatch } from '../../../src/services/guard/restore-watch.ts'
import { until } from '../../../src/standalone/lab/until.ts'
import { removeLayout, temporaryLayout } from './support/gateway.ts'

describe('the guard, beside the ruleset', () => {
  let layout: Layout
  let alerts: Alerts

  beforeEach(() => {
    layout = temporaryLayout()
    prepareFolders(layout)
    alerts = new Alerts(layout)
  })
  afterEach(() => removeLayout(layout))

  const raised = (): string[] =>
    readFileSync(runtimePaths(layout).alerts, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { event: string }).event)

  describe('takes back an import that nobody confirmed', () => {
    const confirm = (content: string) => writeFileSync(runtimePaths(layout).confirmation, content)
    const waiting = (seconds: number) => {
      const deadline = new Date(Date.now() + seconds * 1000).toISOString()
      confirm(JSON.stringify({ deadline, previousGeneration: 'abc1', policyFile: '/config/policy.json' }))
    }
    const traces = () => readFileSync(join(layout.run, 'reverted'), 'utf8')
    let elapsed: number
    const watch = (
      script = `echo x | tee -a ${join(layout.run, 'reverted')}; rm ${runtimePaths(layout).confirmation}`,
    ) => new ConfirmationWatch(layout, alerts, ['sh', '-c', script], () => elapsed)
    const commands = () => process.getActiveResourcesInfo().filter((kind) => kind === 'ProcessWrap').length
    const clock = Date.now
    const setClock = (hours: number) => {
      Date.now = () => clock() + hours * 3_600_000
    }

    beforeEach(async () => {
      elapsed = 0
      await until('no program of another test runs', 10_000, () => commands() === 0)
    })
    afterEach(() => {
      Date.now = clock
    })

    it('when the time is up, once, with an alert', async () => {
      waiting(-1)
      const confirmation = watch()
      confirmation.look()
      confirmation.look()
      await until('the alert', 15_000, () => raised().length > 0)
      confirmation.look()
      assert.deepEqual(raised(), ['confirmation.expired'])
      assert.equal(traces(), 'x\n')
    })

    it('without an alert where nothing was to be taken back any more', async () => {
      const file = join(layout.run, 'reverted')
      const confirmation = watch(`echo x >> ${file}; if [ $(wc -l < ${file}) = 2 ]; then echo taken back; fi`)
      waiting(-1)
      await until('the alert', 15_000, () => {
        if (raised().length === 0) confirmation.look()
        return raised().length > 0
      })
      assert.equal(traces(), 'x\nx\n')
    })

    it('not before, and not when nothing waits', () => {
      const confirmation = watch('exit 1')
      confirmation.look()
      waiting(60)
      confirmation.look()
      assert.equal(commands(), 0)
    })

    for (const [what, hours, restart] of [
      ['set back', -1, false],
      ['put forward', 1, false],
      ['set back, and the guard started anew', -1, true],
    ] as const) {
      it(`when as much time has passed, though the clock was ${what}`, async () => {
        waiting(60)
        let confirmation = watch()
        confirmation.look()
        setClock(hours)
        if (restart) confirmation = watch()
        confirmation.look()
        elapsed = 30_000
        confirmation.look()
        assert.equal(commands(), 0)
        elapsed = 60_100
        confirmation.look()
        assert.equal(commands(), 1)
        await until('the alert', 15_000, () => raised().length > 0)
        assert.deepEqual(raised(), ['confirmation.expired'])
      })
    }

    it('again half a minute after that failed, though the clock was set back', async () => {
      const command = ['sh', '-c', 'exit 1']
      const task = new OwnTask(command, new Pause(30_000, () => elapsed))
      const ended: unknown[] = []
      const look = () =>
        task.look(
          () => true,
          (how) => ended.push(how),
        )
      look()
      await until('it has failed', 15_000, () => ended.length === 1)
      setClock(-1)
      elapsed = 29_000
      look()
      assert.equal(commands(), 0)
      elapsed = 31_000
      look()
      await until('it has failed again', 15_000, () => ended.length === 2)
    })

    it('also when the note about it is damaged', async () => {
      confirm('{"deadline":')
      watch().look()
      await until('the alert', 15_000, () => raised().length > 0)
      assert.equal(traces(), 'x\n')
    })

    it('and says why, when that fails', async () => {
      waiting(-1)
      watch('echo The previous generation is gone. >&2; exit 1').look()
      await until('the alert', 15_000, () => raised().length > 0)
      assert.deepEqual(raised(), ['confirmation.failed'])
      assert.match(readFileSync(runtimePaths(layout).alerts, 'utf8'), /The previous generation is gone/)
    })
  })

  describe('settles a restore that was killed', () => {
    const traces = () => readFileSync(join(layout.run, 'settled'), 'utf8')
    const watch = (script = `echo The files were taken back.; echo x >> ${join(layout.run, 'settled')}`) =>
      new RestoreWatch(layout, alerts, ['sh', '-c', script])
    function journal(): void {
      const { restoreJournal } = runtimePaths(layout)
      mkdirSync(dirname(restoreJournal), { recursive: true })
      writeFileSync(restoreJournal, '{}')
    }

    it('with an alert that says what became of it; not one that goes on, however long', async () => {
      const restore = watch()
      restore.look()
      journal()
      const hold = holdRestore(layout)
      restore.look()
      hold.release()
      restore.look()
      await until('the alert', 15_000, () => raised().length > 0)
      assert.deepEqual([raised(), traces()], [['restore.settled'], 'x\n'])
    })

    it('and says why when it cannot', async () => {
      journal()
      watch('echo The policy file is gone. >&2; exit 1').look()
      await until('the alert', 15_000, () => raised().length > 0)
      assert.deepEqual(raised(), ['restore.failed'])
      assert.match(readFileSync(runtimePaths(layout).alerts, 'utf8'), /The policy file is gone/)
    })
  })

  describe('bounds the log of denied packets', () => {
    let reopened = 0
    const rotation = () => new LogRotation(layout, alerts, 65_536, async () => void reopened++)
    const log = () => runtimePaths(layout).nflogRecords

    beforeEach(() => {
      reopened = 0
      mkdirSync(dirname(log()), { recursive: true })
    })

    it('by putting it aside when it takes too much, over the one put aside before', async () => {
      for (const content of ['a', 'b']) {
        writeFileSync(log(), content.repeat(100_000))
        await rotation().look()
        assert.equal(readFileSync(`${log()}.1`, 'latin1')[0], content)
        assert.equal(statSync(log(), { throwIfNoEntry: false }), undefined)
      }
      assert.equal(reopened, 2)
    })

    it('but not for what the daemon has given back, nor without a log', async () => {
      await rotation().look()
      writeFileSync(log(), 'x')
      truncateSync(log(), 10_000_000)
      await rotation().look()
      assert.equal(reopened, 0)
      assert.deepEqual(raised(), [])
    })

    it('and says once when it cannot', async () => {
      writeFileSync(log(), 'a'.repeat(100_000))
      mkdirSync(`${log()}.1`)
      const stuck = rotation()
      await stuck.look()
      await stuck.look()
      assert.deepEqual(raised(), ['log.stuck'])
    })
  })
})
