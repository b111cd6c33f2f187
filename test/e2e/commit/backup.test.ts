import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'mocha'
import { runtimePaths } from '../../../src/base/layout.ts'
import { services } from '../../../src/services/index.ts'
import { policySettings } from '../../../src/standalone/lab/gateway.ts'
import { AgentWorker } from '../support/agent-worker/index.ts'
import { assertGone, current, history, mustImport, policyFile, refusal } from '../support/commits.ts'
import { until, useLab } from '../support/lab.ts'
import { assertDenied, assertNothingUnlisted, assertReachable, policyOf } from '../support/reach.ts'

const ARCHIVE = '/config/backup.tar.gz'
const FIRST = policyOf('api.openai.com', 'h2.pool.net')
const SECOND = policyOf('api.openai.com', 'h3.pool.net')
const FILES = ['policy.json', 'root.hints', 'trust-anchors.conf']

describe('a backup', () => {
  const lab = useLab()
  let worker: AgentWorker

  before(async () => {
    worker = new AgentWorker(lab().agent(2))
    await lab().gateway.write('/config/policy.json', FIRST)
    await lab().gateway.commit([...policySettings('/config/policy.json'), 'set service clawgress dns pin-slack 120'])
    await mustImport(lab(), SECOND)
  })
  after(() => worker?.[Symbol.asyncDispose]())

  const restore = (environment: Record<string, string> = {}) =>
    lab().gateway.clawgress(['restore', ARCHIVE], { mayFail: true, environment })
  let killedAt = ''
  /** What the guard has said of restores since the last one was killed. */
  function settled(): string {
    const { alerts } = runtimePaths(lab().gateway.layout)
    const lines = existsSync(alerts) ? readFileSync(alerts, 'utf8').trimEnd().split('\n') : []
    const isNew = (line: string) => (JSON.parse(line) as { time: string }).time > killedAt
    return lines.filter((line) => line.includes('"restore.') && isNew(line)).join('\n')
  }
  const files = () => FILES.map((name) => readFileSync(lab().gateway.file(`/config/${name}`), 'utf8'))
  const running = async () =>
    (await lab().gateway.clawgress(['shell'], { input: 'show configuration commands\nexit\n' })).stdout

  /** As if the machine had been installed anew, but for the archive. */
  async function wipe(): Promise<void> {
    await lab().gateway.commit(['delete service clawgress'])
    for (const name of FILES) rmSync(lab().gateway.file(`/config/${name}`))
    for (const folder of ['history', 'config-revisions'])
      rmSync(join(lab().gateway.layout.state, folder), { recursive: true, force: true })
    await assertGone(lab())
  }

  it('brings a fresh machine to the same enforcement, with files and history', async () => {
    const before = [current(lab()), history(lab()), files(), await running()]
    const { stdout } = await lab().gateway.clawgress(['backup', ARCHIVE])
    assert.equal(stdout, 'Backed up: service clawgress, 3 files, 2 entries of the history.')
    assert.equal(statSync(lab().gateway.file(ARCHIVE)).mode & 0o777, 0o600)
    await wipe()
    const { exitCode, stdout: said, stderr } = await restore()
    assert.equal(exitCode, 0, stderr)
    assert.match(
      said,
      /Generation [0-9a-f]{16} is live and proven[\s\S]*Restored the backup of .*Save the configuration/,
    )
    assert.deepEqual([current(lab()), history(lab()), files(), await running()], before)
    await assertReachable(worker, ['api.openai.com', 'h3.pool.net'])
    await assertDenied(worker, ['h2.pool.net'])
    await assertNothingUnlisted(worker)
  })

  it('restores on a machine where the configuration is the same and only the policy is another', async () => {
    await mustImport(lab(), FIRST)
    const entries = history(lab()).length
    assert.equal((await restore()).exitCode, 0)
    assert.deepEqual(policyFile(lab()), SECOND)
    assert.equal(history(lab()).length, entries + 1, 'the machine keeps its own history')
    await assertReachable(worker, ['h3.pool.net'])
    await assertDenied(worker, ['h2.pool.net'])
  })

  it('leaves everything as it was when it cannot be put into force', async () => {
    await mustImport(lab(), FIRST)
    await lab().gateway.commit(['set service clawgress dns pin-slack 240'])
    const before = [current(lab()), history(lab()), files(), await running()]
    const failed = await restore({ CLAWGRESS_FAIL_AT: 'zones' })
    assert.match(refusal(failed), /refused; everything is as it was/)
    assert.match(failed.stdout, /fault injected at zones/)
    assert.deepEqual([current(lab()), history(lab()), files(), await running()], before)
    await assertReachable(worker, ['h2.pool.net'])
    await assertDenied(worker, ['h3.pool.net'])
  })

  const guard = async () =>
    (await services(lab().gateway.layout).status()).find(({ name }) => name === 'clawgress-guard')!.pid!

  /** The first policy is in force, and the archive has the second one. Returns the files. */
  async function backedUp(): Promise<string[]> {
    await mustImport(lab(), SECOND)
    await lab().gateway.clawgress(['backup', ARCHIVE])
    await mustImport(lab(), FIRST)
    return files()
  }
  /** A restore is killed on its way from the first policy to the second. */
  async function killRestore(at: string): Promise<void> {
    killedAt = new Date().toISOString()
    assert.equal((await restore({ CLAWGRESS_KILL_AT: at })).signal, 'SIGKILL')
  }
  async function assertFirst(before: string[]): Promise<void> {
    assert.deepEqual(files(), before)
    await assertReachable(worker, ['h2.pool.net'])
    await assertDenied(worker, ['h3.pool.net'])
  }

  for (const at of ['kernel', 'switched']) {
    it(`is taken back by the next commit when the restore is killed at "${at}" and the guard does nothing`, async () => {
      const before = await backedUp()
      const stopped = await guard()
      process.kill(stopped, 'SIGSTOP')
      try {
        await killRestore(at)
        const said = await lab().gateway.commit([`set service clawgress dns max-ttl ${at.length * 100}`])
        assert.match(said, /A restore of a backup was cut off before it was done; its files were taken back\./)
        assert.equal(await guard(), stopped, 'the supervisor has put no other one in its place yet')
      } finally {
        process.kill(stopped, 'SIGCONT')
      }
      await assertFirst(before)
      assert.equal(settled(), '')
    })
  }

  it('is taken back by the guard when the restore is killed and nobody commits', async () => {
    const before = await backedUp()
    await killRestore('switched')
    await until('the guard tells of it', 60_000, () => settled() !== '')
    assert.match(settled(), /"restore\.settled".*cut off before it was done; its files were taken back/)
    const { restoreJournal } = runtimePaths(lab().gateway.layout)
    assert.equal(existsSync(restoreJournal), false)
    await assertFirst(before)
    const status = await lab().gateway.clawgress(['status', '--json'])
    assert.equal((JSON.parse(status.stdout) as { enforcing: boolean }).enforcing, true)
  })

  it('leaves neither its files nor its policy when the session cannot note its commit and takes that back', async () => {
    const before = await backedUp()
    await lab().gateway.commit(['set service clawgress dns pin-slack 180'])
    const live = current(lab())
    killedAt = new Date().toISOString()
    // In the mount namespace of this one command, nothing can be put in the place of the file.
    const active = join(lab().gateway.layout.run, 'config/active.boot')
    const script = `mount --bind ${active} ${active} && exec clawgress restore ${ARCHIVE}`
    const failed = await lab().gateway.exec(['sh', '-c', script], { mayFail: true })
    assert.match(failed.stdout, /The commit was taken back\./)
    assert.match(refusal(failed), /was refused\. .*\n.*The files of the backup are still in place; .*the guard/)
    await until('the guard tells of it', 60_000, () => settled() !== '')
    assert.match(settled(), /"restore\.settled".*its files were taken back/)
    await assertFirst(before)
    assert.equal(current(lab()), live)
  })

  it('is refused before anything is replaced when this machine cannot carry its configuration', async () => {
    await lab().gateway.commit(['delete service clawgress client interface eth2'])
    await lab().gateway.clawgress(['backup', ARCHIVE])
    await lab().gateway.commit(['set service clawgress client interface eth2'])
    await lab().gateway.exec(['ip', 'link', 'set', 'eth1', 'down'])
    await lab().gateway.exec(['ip', 'link', 'set', 'eth1', 'name', 'away1'])
    try {
      const before = [current(lab()), history(lab()), files(), await running()]
      assert.match(refusal(await restore()), /Interface eth1 does not exist/)
      assert.deepEqual([current(lab()), history(lab()), files(), await running()], before)
    } finally {
      await lab().gateway.exec(['ip', 'link', 'set', 'away1', 'name', 'eth1'])
      await lab().gateway.exec(['ip', 'link', 'set', 'eth1', 'up'])
    }
  })

  it('is written by operational mode below /config only, and over no other file', async () => {
    const write = (file: string) => lab().gateway.clawgress(['op', 'generate', 'backup', file], { mayFail: true })
    for (const file of ['/etc/x.tar.gz', '/config/../x.tar.gz', '/config/config.boot', 'x.tar.gz'])
      assert.match(refusal(await write(file)), /must lie below \/config/)
    assert.match(refusal(await write(ARCHIVE)), /exists already/)
    assert.equal((await write('/config/another.tar.gz')).exitCode, 0)
  })

  it('is not made where there is nothing to back up, and not written where it cannot be', async () => {
    const nowhere = await lab().gateway.clawgress(['backup', '/nonexistent/x.tar.gz'], { mayFail: true })
    assert.match(refusal(nowhere), /cannot be written \(ENOENT\)/)
    await wipe()
    rmSync(lab().gateway.file(ARCHIVE))
    assert.match(refusal(await lab().gateway.clawgress(['backup', ARCHIVE], { mayFail: true })), /not configured/)
    assert.equal(existsSync(lab().gateway.file(ARCHIVE)), false)
  })
})
