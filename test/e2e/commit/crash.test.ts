import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, before, describe, it } from 'mocha'
import { runtimePaths } from '../../../src/base/layout.ts'
import { CHECKPOINTS, type Checkpoint } from '../../../src/conf_mode/checkpoint.ts'
import { poolHost } from '../../../src/standalone/lab/internet/addresses.ts'
import { AgentWorker } from '../support/agent-worker/index.ts'
import { assertGone, commit, history, importPolicy, mustCommit, mustImport } from '../support/commits.ts'
import { CONTENT, useLab } from '../support/lab.ts'
import {
  addressesOf,
  assertDenied,
  assertNothingLeaked,
  assertNothingUnlisted,
  assertReachable,
  policyOf,
} from '../support/reach.ts'

const ALWAYS = ['api.openai.com', 'h1.pool.net']
const [FIRST, SECOND, THIRD] = ['h2.pool.net', 'h3.pool.net', 'h4.pool.net'] as const
const OWN = [FIRST, SECOND, THIRD]
const LISTED_ADDRESSES = addressesOf(CONTENT.openai, ...[1, 2, 3, 4].map(poolHost))

const policy = (own: string) => policyOf(...ALWAYS, own)

/** Where a commit is cut off before it touches what is enforced. */
const isBeforeApply = (at: Checkpoint) => CHECKPOINTS.indexOf(at) < CHECKPOINTS.indexOf('closed')

describe('a commit that is killed', () => {
  const lab = useLab()
  let worker: AgentWorker
  before(() => {
    worker = new AgentWorker(lab().agent(1))
  })
  after(() => worker?.[Symbol.asyncDispose]())

  /** Exactly the policy of `own` is enforced. */
  async function assertEnforced(own: string): Promise<void> {
    await assertReachable(worker, [...ALWAYS, own])
    await assertDenied(
      worker,
      OWN.filter((name) => name !== own),
    )
    await assertNothingUnlisted(worker)
  }

  async function killImport(own: string, at: Checkpoint): Promise<void> {
    const { signal } = await importPolicy(lab(), policy(own), { killAt: at })
    assert.equal(signal, 'SIGKILL', `the import did not pass ${at}`)
  }

  describe('as the first commit', () => {
    before(() => lab().gateway.write('/config/policy.json', policy(FIRST)))

    for (const at of CHECKPOINTS) {
      it(`at "${at}" lets nothing unlisted out, and the next one converges`, async () => {
        const entries = history(lab()).length
        const { signal } = await commit(lab(), { killAt: at })
        assert.equal(signal, 'SIGKILL', `the commit did not pass ${at}`)
        if (!isBeforeApply(at)) {
          await lab().internet.forget()
          await assertNothingUnlisted(worker)
          await assertNothingLeaked(lab(), LISTED_ADDRESSES)
        }
        assert.match(await mustCommit(lab()), /is live/)
        await assertEnforced(FIRST)
        assert.ok(history(lab()).length <= entries + 1)
        assert.equal(existsSync(runtimePaths(lab().gateway.layout).intent), false)
        await mustCommit(lab(), { proposed: null })
      })
    }

    for (const at of ['generated', 'closed', 'kernel', 'zones', 'switched'] as const) {
      it(`at "${at}" leaves nothing behind once the node is deleted`, async () => {
        assert.equal((await commit(lab(), { killAt: at })).signal, 'SIGKILL')
        await mustCommit(lab(), { proposed: null })
        await assertGone(lab())
      })
    }
  })

  describe('as a change of policy', () => {
    before(async () => {
      await lab().gateway.write('/config/policy.json', policy(FIRST))
      await mustCommit(lab())
    })

    let live: string = FIRST

    for (const at of CHECKPOINTS) {
      it(`at "${at}" lets out only what the old or the new policy lists, and both keep what both list`, async () => {
        const [next, other] = OWN.filter((name) => name !== live) as [string, string]
        const entries = history(lab()).length
        await lab().internet.forget()
        await killImport(next, at)
        await assertNothingUnlisted(worker)
        await assertReachable(worker, ALWAYS)
        await mustImport(lab(), policy(next))
        await assertEnforced(next)
        assert.equal(history(lab()).length, entries + 1)

        // The one after the killed one may also be another policy.
        await killImport(live, at)
        await assertNothingUnlisted(worker)
        await assertReachable(worker, ALWAYS)
        await mustImport(lab(), policy(other))
        await assertEnforced(other)
        // The killed one was live and proven where it came as far as the last place.
        assert.equal(history(lab()).length, entries + (at === 'switched' ? 3 : 2))
        live = other
        await assertNothingLeaked(lab(), LISTED_ADDRESSES)
      })
    }

    for (const at of ['intended', 'staged', 'kernel', 'switched'] as const) {
      it(`at "${at}" leaves nothing behind once the node is deleted, and the next commit starts afresh`, async () => {
        await killImport(SECOND, at)
        await mustCommit(lab(), { proposed: null })
        await assertGone(lab())
        await lab().gateway.write('/config/policy.json', policy(FIRST))
        await mustCommit(lab())
        await assertEnforced(FIRST)
      })
    }
  })
})
