import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'mocha'
import { runtimePaths } from '../../../src/base/layout.ts'
import { CHECKPOINTS } from '../../../src/conf_mode/checkpoint.ts'
import { poolHost } from '../../../src/standalone/lab/internet/addresses.ts'
import { AgentWorker } from '../support/agent-worker/index.ts'
import {
  assertGone,
  commit,
  current,
  history,
  importPolicy,
  mustCommit,
  mustImport,
  policyFile,
  refusal,
} from '../support/commits.ts'
import { CONTENT, useLab } from '../support/lab.ts'
import {
  addressesOf,
  assertDenied,
  assertNothingLeaked,
  assertNothingUnlisted,
  assertReachable,
  policyOf,
} from '../support/reach.ts'
import { SmallDisk } from '../support/small-disk.ts'

const ALWAYS = ['api.openai.com', 'h1.pool.net']
const [OLD, NEW, OTHER] = ['h2.pool.net', 'h3.pool.net', 'h4.pool.net'] as const
const policy = (own: string) => policyOf(...ALWAYS, own)

const DISABLED =
  /^Clawgress is disabled in the configuration \(service clawgress disable\), so clients are not policed;[^\n]*$/
const NOT_CONFIGURED = /^Clawgress is not configured on this machine, [^\n]*: clients are not policed\.[^\n]*$/

interface Status {
  readonly troubles: readonly string[]
  readonly enforcing: boolean
}

describe('a commit that fails', () => {
  const lab = useLab()
  let worker: AgentWorker

  before(async () => {
    worker = new AgentWorker(lab().agent(2))
    await lab().gateway.write('/config/policy.json', policy(OLD))
  })
  after(() => worker?.[Symbol.asyncDispose]())

  const status = () => lab().gateway.ask<Status>(['op', 'show', 'status'])
  const rulesetFile = () => runtimePaths(lab().gateway.layout).closedRuleset

  /** The old policy is enforced as if nothing had been tried. */
  async function assertUntouched(before: readonly unknown[]): Promise<void> {
    assert.deepEqual(standing(), before)
    await assertReachable(worker, [...ALWAYS, OLD])
    await assertDenied(worker, [NEW])
    await assertNothingUnlisted(worker)
  }
  const standing = () => [current(lab()), history(lab()), policyFile(lab())]

  it('as the first one leaves nothing behind, and says why', async () => {
    for (const at of ['kernel', 'switched'] as const) {
      assert.match(refusal(await commit(lab(), { failAt: at })), new RegExp(`fault injected at ${at}`))
      await assertGone(lab())
      assert.deepEqual(history(lab()), [])
      assert.equal(existsSync(rulesetFile()), false)
    }
  })

  it('as the first one after a boot leaves the default deny of the boot in force', async () => {
    await mustCommit(lab())
    const closed = readFileSync(rulesetFile(), 'utf8')
    await mustCommit(lab(), { proposed: null })
    await lab().gateway.exec(['nft', '-f', '-'], { input: closed })
    writeFileSync(rulesetFile(), closed)
    await lab().internet.forget()
    for (const at of ['staged', 'switched'] as const) {
      refusal(await commit(lab(), { failAt: at }))
      const everything = [...addressesOf(CONTENT.openai, CONTENT.raw, poolHost(2), CONTENT.listed)]
      const targets = everything.map((address) => ({ address, port: 443 }))
      for (const { outcome, address } of await worker.connect(targets)) assert.equal(outcome, 'refused', address)
    }
    await assertNothingLeaked(lab(), [])
    assert.equal(readFileSync(rulesetFile(), 'utf8'), closed)
    await mustCommit(lab())
    await assertReachable(worker, [...ALWAYS, OLD])
  })

  for (const at of CHECKPOINTS) {
    it(`at "${at}" puts the generation and the policy file of before back, and proves them`, async () => {
      const before = standing()
      const said = refusal(await importPolicy(lab(), policy(NEW), { failAt: at }))
      assert.match(said, new RegExp(`fault injected at ${at}`))
      await assertUntouched(before)
      const { enforcing, troubles } = await status()
      assert.deepEqual([enforcing, troubles], [true, []])
    })
  }

  it('changes nothing when it is repeated, and says so', async () => {
    const ruleset = async () => (await lab().gateway.exec(['nft', '-t', 'list', 'chains', 'inet'])).stdout
    const before = [standing(), await ruleset()]
    assert.match(await mustCommit(lab()), /is live already/)
    assert.deepEqual([standing(), await ruleset()], before)
  })

  it('because the run folder is full says so, and the old generation stays live', async () => {
    const before = standing()
    await lab().gateway.write('/config/next.json', policy(NEW))
    {
      await using _ = await SmallDisk.fill(join(lab().gateway.layout.root, '..'))
      const words = ['policy', 'import', '/config/next.json']
      assert.match(refusal(await lab().gateway.clawgress(words, { mayFail: true })), /no space .*left/i)
      await assertUntouched(before)
    }
    await assertUntouched(before)
  })

  it('because the disk of named is full says so, and the old generation stays live', async () => {
    await mustCommit(lab(), { proposed: null })
    const { named } = lab().gateway.layout
    {
      await using disk = await SmallDisk.mount(named)
      await mustCommit(lab())
      const before = standing()
      await disk.fill()
      assert.match(refusal(await importPolicy(lab(), policy(NEW))), /no space left/i)
      await assertUntouched(before)
      await disk.empty()
      await mustImport(lab(), policy(NEW))
      await mustImport(lab(), policy(OLD))
    }
    await mustCommit(lab(), { proposed: null })
  })

  it('because named-checkconf refuses what was generated says what it said', async () => {
    await mustCommit(lab())
    const before = standing()
    // In the mount namespace of this one command, the checker finds a line in the file that it cannot accept.
    const [real, broken] = ['/real-checkconf', '/broken-checkconf'].map((name) => lab().gateway.file(name)) as [
      string,
      string,
    ]
    copyFileSync('/usr/bin/named-checkconf', real)
    writeFileSync(broken, `#!/bin/sh\nfor last; do :; done\necho "nonsense;" >> "$last"\nexec ${real} "$@"\n`, {
      mode: 0o755,
    })
    await lab().gateway.write('/config/next.json', policy(NEW))
    const script = `mount --bind ${broken} /usr/bin/named-checkconf && exec clawgress policy import /config/next.json`
    const said = refusal(await lab().gateway.exec(['sh', '-c', script], { mayFail: true }))
    assert.match(said, /named-checkconf refused what was generated: .*unknown option 'nonsense'/)
    await assertUntouched(before)
  })

  it('waits for one that is under way; both are carried out', async () => {
    const entries = history(lab()).length
    await lab().gateway.write('/config/new.json', policy(NEW))
    await lab().gateway.write('/config/other.json', policy(OTHER))
    const both = await Promise.all(
      ['new', 'other'].map((name) =>
        lab().gateway.clawgress(['policy', 'import', `/config/${name}.json`], { mayFail: true }),
      ),
    )
    for (const { exitCode, stderr } of both) assert.equal(exitCode, 0, stderr)
    assert.equal(history(lab()).length, entries + 2)
    const { allow } = policyFile(lab()) as ReturnType<typeof policyOf>
    const last = allow.domains.at(-1)!
    await assertReachable(worker, [...ALWAYS, last])
    await assertDenied(worker, [last === NEW ? OTHER : NEW, OLD])
    await mustImport(lab(), policy(OLD))
  })

  describe('and a policy file that goes bad afterwards', () => {
    const file = () => lab().gateway.file('/config/policy.json')

    it('is told by the status, whether it is gone, cut off or edited, while the live policy stays', async () => {
      const whole = readFileSync(file())
      const makePipe = () => {
        rmSync(file())
        execFileSync('mkfifo', [file()])
      }
      for (const [spoil, sentence] of [
        [makePipe, /was edited after it was activated/],
        [() => rmSync(file()), /policy file \/config\/policy\.json is gone/],
        [() => writeFileSync(file(), whole.subarray(0, 20)), /was edited after it was activated/],
        [() => writeFileSync(file(), Buffer.alloc(64, 0xff)), /was edited after it was activated/],
      ] as const) {
        spoil()
        const { enforcing, troubles } = await status()
        assert.equal(enforcing, true)
        assert.match(troubles.join('\n'), sentence)
        refusal(await commit(lab()))
        await assertReachable(worker, [...ALWAYS, OLD])
        await assertNothingUnlisted(worker)
      }
      writeFileSync(file(), whole)
      assert.doesNotMatch((await status()).troubles.join('\n'), /policy file/)
    })
  })

  describe('and taking the gateway away', () => {
    it('by "disable" or by deleting the node removes everything but the policy and the history', async () => {
      for (const proposed of [{ disable: {} }, null]) {
        await mustCommit(lab())
        const kept = [history(lab()), policyFile(lab())]
        await mustCommit(lab(), { proposed })
        await assertGone(lab())
        assert.deepEqual([history(lab()), policyFile(lab())], kept)
        const { exitCode, stdout, stderr } = await lab().gateway.clawgress(['op', 'show', 'status'], { mayFail: true })
        const [said, expected] = proposed === null ? [stderr, NOT_CONFIGURED] : [stdout, DISABLED]
        assert.equal(exitCode, proposed === null ? 1 : 0)
        assert.match(said, expected)
        assert.equal(await mustCommit(lab(), { proposed }), '', 'there is nothing to say the second time')
      }
      await mustCommit(lab())
      await assertReachable(worker, [...ALWAYS, OLD])
      await assertNothingUnlisted(worker)
    })
  })
})
