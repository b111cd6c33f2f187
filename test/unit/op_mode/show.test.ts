import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Layout, layoutBelow, runtimePaths } from '../../../src/base/layout.ts'
import { appendHistory } from '../../../src/conf_mode/policy/history.ts'
import { type DecisionRecord, printRecord } from '../../../src/daemon/records/kinds/record.ts'
import { formatDuration } from '../../../src/op_mode/format/duration.ts'
import { printTable } from '../../../src/op_mode/format/table.ts'
import { findLivePlan } from '../../../src/op_mode/policy/live-plan.ts'
import { showEffectivePolicy, showPolicy, showPolicyFile } from '../../../src/op_mode/policy/policy.ts'
import { checkPolicyFile } from '../../../src/op_mode/policy/policy-check.ts'
import { planOfFile } from '../../../src/op_mode/policy/policy-file.ts'
import { testDecision } from '../../../src/op_mode/policy/test-domain.ts'
import { showVersions } from '../../../src/op_mode/policy/versions.ts'
import { showDenies } from '../../../src/op_mode/records/denies.ts'
import { monitorLog, showLog } from '../../../src/op_mode/records/log.ts'
import { compilePlan, type Plan, writePlan } from '../../../src/plan/index.ts'
import { parsePolicy } from '../../../src/policy/index.ts'
import { testSettings } from '../daemon/settings.ts'
import { tempFolder } from '../daemon/temp-folder.ts'

const POLICY = JSON.stringify({
  version: 1,
  description: 'research',
  allow: {
    domains: [
      'api.openai.com',
      '*.example.org',
      { name: 'git.example.net', ports: [22], protocols: ['tcp'], label: 'git' },
    ],
    ips: ['1.2.3.0/24', '2a45::/32'],
    ports: [80, 443],
  },
  deny: { domains: ['ads.example.org'], ips: ['1.2.3.4'] },
  labels: { 'api.openai.com': 'llm-provider' },
})

const denial = (fields: Partial<DecisionRecord> = {}): DecisionRecord => ({
  schema: 'clawgress.decision/1',
  event: 'decision',
  id: 'a-0',
  time: '2026-11-22T18:27:49.403Z',
  client: '10.77.0.2',
  group: 'default',
  name: 'evil.test',
  types: ['A', 'AAAA'],
  verdict: 'deny',
  reason: 'dns.not-allowed',
  generation: '0123456789abcdef',
  count: 2,
  message: 'm',
  next: 'n',
  ...fields,
})

describe('operational mode', () => {
  const folder = tempFolder()
  let number = 0
  let layout: Layout
  let file: string
  let plan: Plan

  beforeEach(() => {
    layout = layoutBelow(join(folder(), String(number++)))
    for (const path of [layout.config, layout.run, layout.log, layout.state]) mkdirSync(path, { recursive: true })
    file = join(layout.config, 'policy.json')
    writeFileSync(file, POLICY)
    plan = compilePlan(parsePolicy(Buffer.from(POLICY)).policy, testSettings, { policyFile: '/config/policy.json' })
    const generation = join(layout.run, 'generations', plan.generation)
    writePlan(plan, join(generation, 'plan'))
    symlinkSync(generation, runtimePaths(layout).current)
  })

  it('finds the live Plan, and none where none is live', () => {
    assert.equal(findLivePlan(layout)?.plan.generation, plan.generation)
    assert.equal(findLivePlan(layoutBelow('/nonexistent')), undefined)
  })

  it('says which line allows a name, and on which ports', () => {
    const { data, text } = testDecision(plan, { name: 'GIT.example.net.', client: '10.77.0.2' })
    assert.deepEqual(
      [data.verdict, data.rule?.path, data.ports, data.label],
      ['allow', '$.allow.domains[2]', 'tcp 22', 'git'],
    )
    assert.match(text, /^Rule: +git\.example\.net \(\$\.allow\.domains\[2\]\)$/m)
  })

  it('says why a name is denied, and what to do', () => {
    const { data, text } = testDecision(plan, { name: 'ads.example.org' })
    assert.deepEqual([data.verdict, data.reason, data.rule?.path], ['deny', 'dns.denied', '$.deny.domains[0]'])
    assert.match(text, /^Next step: +Do not retry/m)
  })

  it('answers for an address in the place of a name, in both families', () => {
    const verdict = (name: string, more = {}) => testDecision(plan, { name, ...more }).data
    assert.deepEqual(verdict('1.2.3.9', { port: 443 }).rule?.text, '1.2.3.0/24')
    assert.equal(verdict('1.2.3.9', { port: 443 }).reason, 'allow.address')
    assert.equal(verdict('1.2.3.4').reason, 'net.denied')
    assert.equal(verdict('2A45::1').reason, 'allow.address')
    assert.equal(verdict('198.41.0.4').reason, 'net.not-pinned')
    assert.equal(verdict('1.2.3.9').question.name, undefined)
    assert.match(testDecision(plan, { name: '1.2.3.9' }).text, /^Question: +any client to 1\.2\.3\.9$/m)
    assert.throws(() => verdict('1.2.3.9', { address: '1.2.3.9' }), /one address at a time/)
  })

  it('refuses to test a pattern, a nonsense name and a nonsense client with a sentence', () => {
    for (const question of [{ name: '*.example.org' }, { name: 'a b' }, { name: 'a.test', client: '10.0.0' }])
      assert.throws(() => testDecision(plan, question), { name: 'ClawgressError', message: /config\.value/ })
  })

  it('shows every entry as it took effect', () => {
    const { data } = showEffectivePolicy(plan)
    assert.deepEqual(
      data.map(({ verdict, entry, ports, label }) => [verdict, entry, ports, label]),
      [
        ['allow', 'api.openai.com', 'tcp and udp 80, 443', 'llm-provider'],
        ['allow', '*.example.org', 'tcp and udp 80, 443', undefined],
        ['allow', 'git.example.net', 'tcp 22', 'git'],
        ['allow', '1.2.3.0/24', 'tcp and udp 80, 443', undefined],
        ['allow', '2a45::/32', 'tcp and udp 80, 443', undefined],
        ['deny', 'ads.example.org', undefined, undefined],
        ['deny', '1.2.3.4/32', undefined, undefined],
        // The same address by NAT64 and 6to4.
        ['deny', '64:ff9b::102:304/128', undefined, undefined],
        ['deny', '2002:102:304::/48', undefined, undefined],
      ],
    )
  })

  it('shows the policy in short, and the file without letting it play with the terminal or lead elsewhere', () => {
    assert.match(showPolicy(plan).text, /^Domains: +3 allowed, 1 denied$/m)
    writeFileSync(file, `{"a":"\u001b[2J"}`)
    assert.equal(showPolicyFile(layout, plan).text, '{"a":"?[2J"}\n')
    rmSync(file)
    symlinkSync('/etc/hostname', file)
    assert.throws(() => showPolicyFile(layout, plan), /must lie below \/config.*policy\.file/)
  })

  it('checks a policy file: all problems at once, each with its place', () => {
    assert.match(checkPolicyFile(file).text, /^The policy is valid: 3 domains and 2 prefixes allowed/)
    writeFileSync(file, '{"version":1,"allow":{"domains":["*","a b"],"ips":["1.2.3.4/33"]}}')
    const { data, text } = checkPolicyFile(file)
    assert.equal(data.valid, false)
    assert.equal(data.problems.length, 3)
    assert.equal(text.split('\n').length, 4)
    assert.match(text, /policy\.json:1:\d+ \$\.allow\.domains\[0\]: /)
  })

  it('gives the same answer from a file without any gateway', () => {
    const { reason, rule } = testDecision(planOfFile(file), { name: 'x.example.org', port: 443 }).data
    assert.deepEqual([reason, rule?.text], ['allow.name', '*.example.org'])
    assert.throws(() => planOfFile('/nonexistent/p.json'), { message: /does not exist.*policy\.file/ })
  })

  it('shows the newest denials with their repeats added, of one client if asked', async () => {
    const log = runtimePaths(layout).decisions
    const records = [
      denial(),
      denial({ id: 'a-1', client: 'fd77:1::2', name: 'other.test', time: '2026-11-22T18:28:00.000Z' }),
      denial({ id: 'a-0', event: 'repeats', count: 5, time: '2026-11-22T18:28:01.000Z' }),
    ]
    writeFileSync(`${log}.1`, `${printRecord(records[0]!)}\n`)
    writeFileSync(log, `not a record\n${records.slice(1).map(printRecord).join('\n')}\n{"half":`)
    assert.deepEqual(
      (await showDenies(layout)).data.map(({ id, total }) => [id, total]),
      [
        ['a-0', 7],
        ['a-1', 2],
      ],
    )
    for (const show of [showDenies, showLog]) {
      assert.deepEqual(
        (await show(layout, { client: 'FD77:1:0::2' })).data.map((record) => 'id' in record && record.id),
        ['a-1'],
      )
      await assert.rejects(show(layout, { client: '10.77.0' }), /"10\.77\.0" is not an IP address.*config\.value/)
    }
    await assert.rejects(
      monitorLog(layout, { client: 'x' }, () => {}, AbortSignal.abort()),
      /"x" is not an IP address/,
    )
    assert.deepEqual(
      (await showDenies(layout, { last: 1 })).data.map(({ id }) => id),
      ['a-1'],
    )
    const { text } = await showDenies(layout)
    assert.match(text, /^2026-11-22 18:27:49 {2}10\.77\.0\.2 +evil\.test A,AAAA +7 +dns\.not-allowed/m)
    assert.match(text, /dns\.not-allowed: The name is not on the allowlist\. Next step: Do not retry/)
  })

  it('does not say that there are none to a user who may not read them', async () => {
    const log = runtimePaths(layout).decisions
    writeFileSync(log, `${printRecord(denial())}\n`, { mode: 0o640 })
    for (const show of [showDenies, showLog]) {
      process.seteuid!('nobody')
      const shown = show(layout).finally(() => process.seteuid!(0))
      await assert.rejects(shown, { code: 'EACCES' })
    }
  })

  it('reads denials backwards over any size of file', async () => {
    const log = runtimePaths(layout).decisions
    for (let i = 0; i < 3000; i++)
      appendFileSync(log, `${printRecord(denial({ id: `a-${i.toString(36)}`, name: `n${i}.test` }))}\n`)
    const { data } = await showDenies(layout, { last: 2500 })
    assert.equal(data.length, 2500)
    assert.deepEqual([data[0]?.name, data.at(-1)?.name], ['n500.test', 'n2999.test'])
  })

  it('says back to when it has searched where it did not read the whole log', async () => {
    const log = runtimePaths(layout).decisions
    const lines = Array.from({ length: 600 }, () => `${printRecord(denial())}\n`)
    writeFileSync(log, `${printRecord(denial({ client: '10.77.0.9' }))}\n${lines.join('')}`)
    for (const show of [showDenies, showLog]) {
      const bounded = await show(layout, { client: '10.77.0.9' }, 1 << 16)
      assert.deepEqual(bounded.data, [])
      assert.match(bounded.text, /^Searched back to 2026-11-22 18:27:49 UTC; older records are in the log/)
      const whole = await show(layout, { client: '10.77.0.9' })
      assert.equal(whole.data.length, 1)
      assert.doesNotMatch(whole.text, /Searched/)
    }
  })

  it('lists activated policies, newest first, and marks the live one', () => {
    assert.equal(showVersions(layout).text, 'No policy was ever activated here.\n')
    const entry = {
      time: '2026-11-22T18:00:00.000Z',
      user: 'vyos',
      policyFile: '/config/policy.json',
      summary: '+1 domain',
    }
    appendHistory(layout, { ...entry, generation: plan.generation }, file)
    appendHistory(layout, { ...entry, generation: 'fedcba9876543210' }, file)
    const { data, text } = showVersions(layout)
    assert.deepEqual(
      (data as { number: number; live: boolean }[]).map(({ number, live }) => [number, live]),
      [
        [2, false],
        [1, true],
      ],
    )
    assert.match(text, /^1 \(live\) +[0-9a-f]{16} {2}2026-11-22 18:00:00 {2}vyos/m)
  })
})

describe('tables', () => {
  it('look like VyOS’s', () => {
    assert.equal(
      printTable(
        ['A', 'Long'],
        [
          ['abc', '1'],
          ['d', ''],
        ],
      ),
      'A    Long\n---  ----\nabc  1\nd\n',
    )
  })

  it('let no control character through', () => {
    assert.ok(!printTable(['A'], [['x\u001b[2Jy\n']]).includes('\u001b'))
  })
})

it('durations have at most two parts', () => {
  assert.deepEqual([0, 59, 61, 3600, 90_061].map(formatDuration), ['0s', '59s', '1m 1s', '1h', '1d 1h'])
})
