import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { after, before, beforeEach, describe, it } from 'mocha'
import { runtimePaths } from '../../../src/base/layout.ts'
import { parseConfig, printConfig, updateFooter } from '../../../src/vyos/index.ts'
import { AgentWorker } from '../support/agent-worker/index.ts'
import { assertGone, commit, LAB_CONFIG, mustCommit, refusal } from '../support/commits.ts'
import { CONTENT, useLab } from '../support/lab.ts'
import { addressesOf, assertNothingLeaked, assertReachable, policyOf } from '../support/reach.ts'

const SECTION = `service {
    clawgress {
        client {
            interface eth1
            interface eth2
        }
        dns {
            root-hints /config/root.hints
            trust-anchors /config/trust-anchors.conf
        }
        policy-file /config/policy.json
    }
}
`
const saved = (version: number): string =>
  printConfig(parseConfig(SECTION).withFooter(updateFooter('', new Map([['clawgress', version]]), 'x')))
const POLICY = policyOf('api.openai.com')
const EVERYWHERE = addressesOf(CONTENT.openai, CONTENT.raw, CONTENT.listed).map((address) => ({ address, port: 443 }))

describe('a configuration that was restored on a fresh machine and cannot be put into force', () => {
  const lab = useLab()
  let worker: AgentWorker

  before(() => {
    worker = new AgentWorker(lab().agent(2))
  })
  after(() => worker?.[Symbol.asyncDispose]())

  beforeEach(async () => {
    await mustCommit(lab(), { proposed: null })
    for (const file of ['policy.json', 'config.boot']) rmSync(lab().gateway.file(`/config/${file}`), { force: true })
    for (const { outcome, address } of await worker.connect(EVERYWHERE)) assert.equal(outcome, 'open', address)
    await lab().internet.forget()
  })

  const boot = () => lab().gateway.clawgress(['shell', '--boot'], { mayFail: true })

  /** Clients reach nothing, in either family, and not even a name server. */
  async function assertClosed(permitted: readonly string[] = []): Promise<void> {
    for (const { outcome, address } of await worker.connect(EVERYWHERE)) assert.equal(outcome, 'refused', address)
    for (const { addresses } of await worker.ask(['api.openai.com'], 500)) assert.deepEqual(addresses, [])
    await assertNothingLeaked(lab(), permitted)
  }

  it('denies everything to its clients from the boot on when the policy file is missing', async () => {
    await lab().gateway.write('/config/config.boot', saved(1))
    const { exitCode, stdout } = await boot()
    assert.equal(exitCode, 1)
    assert.match(
      stdout,
      /The policy file does not exist.*\(policy\.file\)\n.*clients are denied everything.*\(apply\.closed\)/,
    )
    assert.match(stdout, /\[\[service clawgress\]\] failed\nCommit failed/)
    await assertClosed()
    const { stdout: shown } = await lab().gateway.clawgress(['op', 'show', 'status'])
    assert.match(shown, /^Pins: +The service clawgress-pinner does not answer \(connect ENOENT [^)]*\)\.$/m)
    assert.doesNotMatch(shown, /show clawgress status/)
    assert.match(shown, /\nTo be looked at:\n {2}No policy is live: [^\n]*"commit"\.$/)
    await lab().gateway.write('/config/policy.json', POLICY)
    assert.equal((await boot()).exitCode, 0)
    await assertReachable(worker, ['api.openai.com'])
  })

  it('denies everything to its clients when it was written by a newer version', async () => {
    await lab().gateway.write('/config/policy.json', POLICY)
    await lab().gateway.write('/config/config.boot', saved(99))
    const { exitCode, stdout } = await boot()
    assert.equal(exitCode, 1)
    assert.match(stdout, /written by a newer version/)
    await assertClosed()
  })

  it('denies everything to its clients when it is damaged, also without anything that an earlier commit left', async () => {
    await lab().gateway.write('/config/policy.json', POLICY)
    for (const damage of [
      (text: string) => text.slice(0, text.indexOf('policy-file')),
      (text: string) => text.replace('root-hints', '} root-hints "'),
    ]) {
      await mustCommit(lab(), { proposed: null })
      rmSync(lab().gateway.layout.state, { recursive: true, force: true })
      await lab().gateway.write('/config/config.boot', damage(saved(1)))
      const { exitCode, stdout } = await boot()
      assert.equal(exitCode, 1)
      assert.match(stdout, /^.*\(config\.syntax\)\n[\s\S]*clients are denied everything.*\(apply\.closed\)\n/)
      await assertClosed()
    }
  })

  it('denies everything to its clients when it is empty on a machine that was a gateway', async () => {
    await lab().gateway.write('/config/policy.json', POLICY)
    await mustCommit(lab())
    const { closedRuleset } = runtimePaths(lab().gateway.layout)
    const closed = readFileSync(closedRuleset, 'utf8')
    await mustCommit(lab(), { proposed: null })
    // What the unit for the boot loads, whatever config.boot says.
    writeFileSync(closedRuleset, closed)
    await lab().gateway.exec(['nft', '-f', '-'], { input: closed })
    // What that policy let through.
    await lab().internet.forget()
    await lab().gateway.write('/config/config.boot', '')
    await boot()
    await assertClosed()
    const { stdout: shown } = await lab().gateway.clawgress(['op', 'show', 'status'])
    assert.match(shown, /No policy is live: everything from client interfaces is denied/)
  })

  it('denies everything to its clients when VyOS verifies it, which comes before it applies anything', async () => {
    await lab().gateway.write('/config/config.boot', saved(1))
    const session = { VYATTA_CHANGES_ONLY_DIR: '/opt/vyatta/config/tmp/changes_only_1' }
    refusal(await commit(lab(), { dryRun: true }))
    for (const { outcome, address } of await worker.connect(EVERYWHERE)) assert.equal(outcome, 'open', address)
    await lab().internet.forget()
    assert.match(refusal(await commit(lab(), { dryRun: true, environment: session })), /\(apply\.closed\)$/)
    await assertClosed()
    const disabled = { ...LAB_CONFIG, disable: {} }
    await mustCommit(lab(), { proposed: disabled })
    await assertGone(lab())
  })

  it('stays closed when it fails while it is applied', async () => {
    await lab().gateway.write('/config/policy.json', POLICY)
    await lab().gateway.write('/config/config.boot', saved(1))
    assert.match(refusal(await commit(lab(), { failAt: 'zones' })), /fault injected at zones.*\n.*\(apply\.closed\)$/)
    // The ends of what was open before are told so.
    await assertClosed(addressesOf(CONTENT.openai))
  })

  it('changes nothing where it was only typed, or names other interfaces', async () => {
    refusal(await commit(lab()))
    await assertGone(lab())
    await lab().gateway.write('/config/config.boot', saved(1))
    refusal(await commit(lab(), { proposed: { ...LAB_CONFIG, client: { interface: ['eth0'] } } }))
    await assertGone(lab())
  })
})
