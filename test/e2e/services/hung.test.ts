import assert from 'node:assert/strict'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'mocha'
import { services, type UnitName } from '../../../src/services/index.ts'
import { AgentWorker } from '../support/agent-worker/index.ts'
import { mustCommit } from '../support/commits.ts'
import { until, useLab } from '../support/lab.ts'
import { assertNothingUnlisted, assertReachable, policyOf } from '../support/reach.ts'

const LISTED = ['api.openai.com', 'h10.pool.net']
/** Listed, and not in named's cache until the program that is named here has hung. */
const FRESH = { 'clawgress-pinner': 'h20.pool.net', 'clawgress-named': 'h21.pool.net' }
/** Longest that an agent may be without an answer, milliseconds. */
const ANSWER_MS = 3_000

describe('a program of the gateway that hangs', () => {
  const lab = useLab()
  let worker: AgentWorker

  before(async () => {
    worker = new AgentWorker(lab().agent(1))
    await lab().gateway.write('/config/policy.json', policyOf(...LISTED, ...Object.values(FRESH)))
    await mustCommit(lab())
    await assertReachable(worker, LISTED)
  })
  after(async () => worker?.[Symbol.asyncDispose]())

  const unitStatus = async (name: UnitName) =>
    (await services(lab().gateway.layout).status()).find((unit) => unit.name === name)!

  for (const name of ['clawgress-pinner', 'clawgress-named'] as const) {
    it(`is replaced, with names answered within three seconds and a word in the status: ${name}`, async () => {
      const { pid, since } = await unitStatus(name)
      await until('it was seen to answer', 5_000, async () => Date.now() - since! > 2_000)
      process.kill(pid!, 'SIGSTOP')
      await until('a name is answered again', ANSWER_MS, async () =>
        (await worker.ask([FRESH[name]], 200)).every(({ addresses }) => addresses.length > 0),
      )
      assert.notEqual((await unitStatus(name)).pid, pid)
      await assertReachable(worker, LISTED)
      await assertNothingUnlisted(worker)
      const { stdout } = await lab().gateway.clawgress(['status'])
      assert.match(stdout, new RegExp(`${name}, .* did not answer for \\d\\.\\d s and was started anew`))
    })
  }

  it('is replaced also where it is the guard, which watches the others', async () => {
    const { pid } = await unitStatus('clawgress-guard')
    process.kill(pid!, 'SIGSTOP')
    await until('another guard runs', 30_000, async () => {
      const now = await unitStatus('clawgress-guard')
      return now.pid !== pid && now.state === 'running'
    })
    await lab().gateway.exec(['nft', 'delete', 'table', 'inet', 'clawgress'])
    await until('the table is back', 10_000, async () =>
      (await lab().gateway.exec(['nft', 'list', 'tables'])).stdout.includes('clawgress'),
    )
    await assertNothingUnlisted(worker)
  })

  it('does not multiply when the run folder is emptied: one commit brings everything back', async () => {
    const { run } = lab().gateway.layout
    for (const name of readdirSync(run)) rmSync(join(run, name), { recursive: true })
    await lab().gateway.exec(['nft', 'delete', 'table', 'inet', 'clawgress'])
    await until('default deny', 1_000, async () =>
      (await lab().gateway.exec(['nft', 'list', 'tables'])).stdout.includes('clawgress'),
    )
    await assertNothingUnlisted(worker)
    await mustCommit(lab())
    const states = (await services(lab().gateway.layout).status()).map(({ state }) => state)
    assert.deepEqual(states, Array(5).fill('running'))
    await assertReachable(worker, LISTED)
    const { stdout } = await lab().gateway.exec(['ss', '-Hlnup', 'sport', '=', ':5053'])
    assert.equal(new Set(stdout.match(/pid=\d+/g)).size, 1)
  })
})
