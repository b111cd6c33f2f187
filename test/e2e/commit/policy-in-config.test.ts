import assert from 'node:assert/strict'
import { readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'mocha'
import { policySettings } from '../../../src/standalone/lab/gateway.ts'
import { poolHost } from '../../../src/standalone/lab/internet/addresses.ts'
import { AgentWorker, type Target } from '../support/agent-worker/index.ts'
import { current, importPolicy, refusal } from '../support/commits.ts'
import { CONTENT, until, useLab } from '../support/lab.ts'
import { assertDenied, assertNothingUnlisted, assertReachable, policyOf } from '../support/reach.ts'
import { SmallDisk } from '../support/small-disk.ts'

const [KEPT, REVOKED] = ['api.openai.com', 'h1.pool.net'] as const
const NODES = policyOf(KEPT, REVOKED).allow
const below = (words: string) => `set service clawgress policy ${words}`
const COMMANDS = [
  ...NODES.domains.map((name) => below(`allow domain ${name}`)),
  ...NODES.ips.map((prefix) => below(`allow address ${prefix}`)),
  below('allow address 2001:DB8:AA::/48'),
  below('deny domain www.example.com'),
  below('deny domain www.example.com reason OPS-7'),
  below('label api.openai.com tag llm-provider'),
]
/** Open connections to an address, in both families. */
const web = ({ v4, v6 }: { v4: string; v6: string }): Target[] => [v4, v6].map((address) => ({ address, port: 443 }))

describe('a policy in the configuration', () => {
  const lab = useLab()
  let worker: AgentWorker
  before(async () => {
    worker = new AgentWorker(lab().agent(1))
    const withoutFile = policySettings('unused').filter((command) => !command.includes('policy-file'))
    await lab().gateway.commit([...withoutFile, ...COMMANDS])
  })
  after(() => worker?.[Symbol.asyncDispose]())

  const clawgress = (...words: string[]) => lab().gateway.clawgress(words, { mayFail: true })
  const nodes = async () =>
    (await lab().gateway.clawgress(['shell', '-c', 'show configuration commands'])).stdout
      .split('\n')
      .filter((line) => line.startsWith('set service clawgress policy '))

  async function assertEnforced(): Promise<void> {
    await assertReachable(worker, [KEPT, REVOKED])
    for (const { outcome } of await worker.connect([{ address: '1.2.3.4', port: 443 }])) assert.equal(outcome, 'open')
    await assertNothingUnlisted(worker)
  }

  it('opens what it lists, in both families, and nothing else', () => assertEnforced())

  it('says by its path which node decided: in a test, and in the record of a denial', async () => {
    const rule = async (...question: string[]) => (await clawgress('test', 'domain', ...question)).stdout
    assert.match(await rule(KEPT), /Rule: +api\.openai\.com \(service clawgress policy allow domain api\.openai\.com\)/)
    assert.match(await rule(KEPT), /Label: +llm-provider/)
    assert.match(await rule('2001:db8:aa::1'), /\(service clawgress policy allow address 2001:DB8:AA::\/48\)/)
    await assertDenied(worker, ['www.example.com'])
    const isRecorded = async () =>
      (await clawgress('denies', '--json')).stdout.includes('policy deny domain www.example.com')
    await until('the denial is recorded with its node', 5000, isRecorded)
    assert.match((await clawgress('policy', 'show', '--effective')).stdout, /deny +www\.example\.com/)
    assert.match((await clawgress('status')).stdout, /Policy file: +none, the configuration holds the policy/)
  })

  it('is written to a policy.json that reaches the same as a policy file', async () => {
    {
      await using _ = await SmallDisk.fill(join(lab().gateway.layout.root, '..'))
      const said = refusal(await clawgress('policy', 'export', '/config/exported.json'))
      assert.match(said, /cannot be written \(ENOSPC\)/)
    }
    const { exitCode, stderr } = await clawgress('policy', 'export', '/config/exported.json')
    assert.equal(exitCode, 0, stderr)
    assert.match(refusal(await clawgress('policy', 'export', '/config/exported.json')), /exists already/)
    assert.match(refusal(await clawgress('policy', 'export', '/etc/exported.json')), /must lie below \/config/)
    const commands = await nodes()
    const file = 'set service clawgress policy-file /config/exported.json'
    const said = await lab().gateway.commit(['delete service clawgress policy', file])
    assert.match(said, /Generation [0-9a-f]{16} is live/)
    assert.deepEqual(await nodes(), [])
    await assertEnforced()
    await lab().gateway.commit([...commands, 'delete service clawgress policy-file'])
    assert.deepEqual(await nodes(), commands)
  })

  it('is refused with the path of what is wrong, and the one before stays in force', async () => {
    const live = current(lab())
    const refused: [string, RegExp][] = [
      [below('allow domain *.co.uk'), /policy allow domain \*\.co\.uk: .*set public-suffix below this node/],
      [below('allow domain API.openai.com.'), /policy allow domain API\.openai\.com\.: .* means the same as/],
      [below('allow address 2000::/3'), /wider than \/16/],
      ['delete service clawgress policy', /service clawgress: There is no policy/],
    ]
    for (const [command, sentence] of refused) await assert.rejects(lab().gateway.commit([command]), sentence)
    assert.equal(current(lab()), live)
    await assertEnforced()
  })

  it('stops allowing a name in both families when its node is deleted, also when it is the last', async () => {
    await assertReachable(worker, [REVOKED])
    await lab().gateway.commit([`delete service clawgress policy allow domain ${REVOKED}`])
    await assertDenied(worker, [REVOKED])
    for (const { outcome } of await worker.connect(web(poolHost(1)))) assert.notEqual(outcome, 'open')
    await assertReachable(worker, [KEPT])
    await lab().gateway.commit([
      'delete service clawgress policy allow',
      'delete service clawgress policy deny',
      'delete service clawgress policy label',
    ])
    await assertDenied(worker, [KEPT])
    for (const { outcome } of await worker.connect(web(CONTENT.openai))) assert.notEqual(outcome, 'open')
  })

  describe('that is imported', () => {
    const POLICY = { ...policyOf(KEPT, REVOKED), description: 'imported $(touch x) `y` \\' }
    const into = (policy: object, ...words: string[]) =>
      importPolicy(lab(), policy, { words: ['into', 'config', ...words] })

    it('is shown as a difference, committed, and saved only when that is asked for', async () => {
      const { exitCode, stdout, stderr } = await into(POLICY)
      assert.equal(exitCode, 0, `${stdout}${stderr}`)
      assert.match(stdout, /allowed domains: 2 added[\s\S]*Generation [0-9a-f]{16} is live[\s\S]*is not saved/)
      await assertEnforced()
      const boot = lab().gateway.file('/config/config.boot')
      assert.throws(() => readFileSync(boot), /ENOENT/)
      assert.match((await into(POLICY)).stdout, /No difference\.\nThe configuration holds this policy already/)
      assert.match(
        (await into(POLICY, '--save')).stdout,
        /holds this policy already\.\nIt was not saved yet, and is now/,
      )
      const writing = () => {
        const { ino, mtimeNs } = statSync(boot, { bigint: true })
        return { ino, mtimeNs }
      }
      const saved = writing()
      assert.match((await into(POLICY, '--save')).stdout, /holds this policy already\.$/)
      assert.deepEqual(writing(), saved)
      const again = await into({ ...POLICY, description: 'other' }, '--save')
      assert.equal(again.exitCode, 0, again.stderr)
      assert.match(readFileSync(boot, 'utf8'), /description "other"/)
    })

    it('takes the place of the nodes that stood there', async () => {
      await into(policyOf(KEPT))
      assert.deepEqual(await nodes(), [
        'set service clawgress policy allow address 1.2.3.0/24',
        'set service clawgress policy allow domain api.openai.com',
        "set service clawgress policy allow port '80'",
        "set service clawgress policy allow port '443'",
      ])
      await assertDenied(worker, [REVOKED])
    })

    it('is refused beyond 500 entries, naming the policy file, and where a file would stay in force', async () => {
      const live = current(lab())
      const many = policyOf(...Array.from({ length: 501 }, (_, i) => `h${i}.pool.net`))
      assert.match(refusal(await into(many)), /has 502 entries; .* at most 500\. .*policy-file/)
      assert.match(refusal(await into({ version: 2 })), /The version of the format is 1/)
      assert.match(refusal(await importPolicy(lab(), POLICY)), /policy-file is not set/)
      assert.equal(current(lab()), live)
    })
  })

  describe('beside a policy file', () => {
    before(async () => {
      await lab().gateway.write('/config/policy.json', policyOf(KEPT))
      await lab().gateway.commit([
        'delete service clawgress policy',
        'set service clawgress policy-file /config/policy.json',
        below(`allow domain ${REVOKED}`),
      ])
    })

    it('adds to it', async () => {
      await assertEnforced()
      assert.match((await clawgress('versions')).stdout, /\(live\).*\/config\/policy\.json, configuration/)
    })

    it('is refused where the same entry says something else', async () => {
      const command = below(`allow domain ${KEPT} port 22`)
      await assert.rejects(lab().gateway.commit([command]), /stands in the policy file too, at \$\.allow\.domains\[0\]/)
    })

    it('stays when the file is replaced, and when that is taken back', async () => {
      const before = current(lab())
      const { exitCode, stderr } = await importPolicy(lab(), policyOf(KEPT, 'h2.pool.net'))
      assert.equal(exitCode, 0, stderr)
      await assertReachable(worker, [KEPT, REVOKED, 'h2.pool.net'])
      assert.equal((await clawgress('policy', 'rollback', before)).exitCode, 0)
      assert.equal(current(lab()), before)
      await assertDenied(worker, ['h2.pool.net'])
    })

    it('makes a rollback refuse a generation of other nodes, instead of mixing two policies', async () => {
      const before = current(lab())
      await lab().gateway.commit([below('allow domain h3.pool.net')])
      const said = refusal(await clawgress('policy', 'rollback', before))
      assert.match(said, /had other nodes below service clawgress policy/)
    })

    it('is imported into only together with the removal of the file', async () => {
      const words = ['into', 'config']
      assert.match(refusal(await importPolicy(lab(), policyOf(KEPT), { words })), /--delete-policy-file/)
      const moved = await importPolicy(lab(), policyOf(KEPT), { words: [...words, '--delete-policy-file'] })
      assert.equal(moved.exitCode, 0, moved.stderr)
      rmSync(lab().gateway.file('/config/policy.json'))
      await assertReachable(worker, [KEPT])
      await assertDenied(worker, [REVOKED, 'h3.pool.net'])
    })
  })
})
