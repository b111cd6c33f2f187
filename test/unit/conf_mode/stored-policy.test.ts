import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { storedPolicy, writeTerms } from '../../../src/conf_mode/policy/stored-policy.ts'
import { compilePlan, loadPlan, writePlan } from '../../../src/plan/index.ts'
import { diffPolicies, formatDiff, parsePolicy } from '../../../src/policy/index.ts'
import { settingsWith } from '../plan/settings.ts'

const TEXT = JSON.stringify({
  version: 1,
  description: 'for the tests',
  allow: {
    domains: ['a.test', { name: '*.b.test', ports: ['8000-8010'], label: 'b' }],
    ips: ['192.0.2.0/24', { prefix: '2001:db8::/32', protocols: ['udp'], label: 'six' }],
    ports: [443, '8080-8090'],
  },
  deny: { domains: ['evil.b.test'], ips: ['198.51.100.7'] },
  labels: { 'a.test': 'first', '203.0.113.0/24': 'third' },
})

describe('The policy stored with a generation', () => {
  let folder: string
  const { policy } = parsePolicy(Buffer.from(TEXT))
  const plan = compilePlan(policy, settingsWith())

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'clawgress-terms-'))
    writePlan(plan, join(folder, 'plan'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const stored = () => storedPolicy(folder, loadPlan(join(folder, 'plan')))

  it('is the policy that was written, without reading its text again', () => {
    writeTerms(policy, folder)
    const read = stored()
    assert.ok(read !== undefined)
    const diff = diffPolicies(read, policy)
    assert.equal(formatDiff(diff), 'No difference.\n')
    assert.deepEqual(
      read.parts.map(({ names: _names, ...part }) => part),
      policy.parts.map(({ names: _names, ...part }) => part),
    )
  })

  it('is read from policy.json where its terms are damaged, and is unknown where that is gone too', () => {
    writeFileSync(join(folder, 'terms.json'), '{"parts":')
    assert.equal(stored(), undefined)
    writeFileSync(join(folder, 'policy.json'), TEXT)
    assert.equal(diffPolicies(stored(), policy).same, true)
  })
})
