import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { after, before, beforeEach, describe, it } from 'mocha'
import { runtimePaths } from '../../../src/base/layout.ts'
import { AgentWorker } from '../support/agent-worker/index.ts'
import { current, importPolicy, mustCommit, mustImport, policyFile, refusal } from '../support/commits.ts'
import { until, useLab } from '../support/lab.ts'
import { assertDenied, assertNothingUnlisted, assertReachable, policyOf } from '../support/reach.ts'

const ALWAYS = 'api.openai.com'
const [OLD, NEW, NEWER] = ['h2.pool.net', 'h3.pool.net', 'h4.pool.net'] as const
const policy = (own: string) => policyOf(ALWAYS, own)
const ASKED = { words: ['--confirm', '5'] }

describe('an import that has to be confirmed', () => {
  const lab = useLab(policy(OLD))
  let worker: AgentWorker
  before(() => {
    worker = new AgentWorker(lab().agent(1))
  })
  after(() => worker?.[Symbol.asyncDispose]())
  beforeEach(() => mustImport(lab(), policy(OLD)))

  const confirmation = () => runtimePaths(lab().gateway.layout).confirmation
  const words = (...args: string[]) => lab().gateway.clawgress(['policy', ...args], { mayFail: true })

  /** Lets the time for the confirmation be over, and waits until the guard has acted on it. */
  async function letTimePass(): Promise<void> {
    const pending = JSON.parse(readFileSync(confirmation(), 'utf8')) as object
    writeFileSync(confirmation(), JSON.stringify({ ...pending, deadline: new Date().toISOString() }))
    await until('the guard has taken the import back', 20_000, () => !existsSync(confirmation()))
  }

  async function assertEnforced(own: string): Promise<void> {
    await assertReachable(worker, [ALWAYS, own])
    await assertDenied(
      worker,
      [OLD, NEW, NEWER].filter((name) => name !== own),
    )
    await assertNothingUnlisted(worker)
  }

  it('is taken back with its policy file when nobody confirms it, and an alert says so', async () => {
    const before = [current(lab()), policyFile(lab())]
    const { exitCode, stdout, stderr } = await importPolicy(lab(), policy(NEW), ASKED)
    assert.equal(exitCode, 0, stderr)
    assert.match(stdout, /Confirm within 5 min/)
    await assertEnforced(NEW)
    await letTimePass()
    assert.deepEqual([current(lab()), policyFile(lab())], before)
    await assertEnforced(OLD)
    const { alerts } = runtimePaths(lab().gateway.layout)
    await until('an alert is written', 2000, () => /"confirmation\.expired".*\n$/.test(readFileSync(alerts, 'utf8')))
  })

  it('stays when it is confirmed in time, and cannot be confirmed twice', async () => {
    await importPolicy(lab(), policy(NEW), ASKED)
    const { stdout } = await words('confirm')
    assert.match(stdout, /stays/)
    assert.equal(existsSync(confirmation()), false)
    await assertEnforced(NEW)
    assert.match(refusal(await words('confirm')), /waits for a confirmation/)
  })

  it('goes back to what was confirmed last when another one was imported on top', async () => {
    await importPolicy(lab(), policy(NEW), ASKED)
    await importPolicy(lab(), policy(NEWER), ASKED)
    await assertEnforced(NEWER)
    await letTimePass()
    await assertEnforced(OLD)
  })

  it('is taken back also when its operator was cut off in the middle of it', async () => {
    for (const killAt of ['kernel', 'switched'] as const) {
      assert.equal((await importPolicy(lab(), policy(NEW), { ...ASKED, killAt })).signal, 'SIGKILL')
      await letTimePass()
      await assertEnforced(OLD)
      assert.deepEqual(policyFile(lab()), policy(OLD))
      assert.match(await mustCommit(lab()), /is live already/)
    }
  })

  it('leaves no confirmation behind when it fails', async () => {
    refusal(await importPolicy(lab(), policy(NEW), { ...ASKED, failAt: 'zones' }))
    assert.equal(existsSync(confirmation()), false)
    await assertEnforced(OLD)
  })
})
