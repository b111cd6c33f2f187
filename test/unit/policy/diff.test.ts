import assert from 'node:assert/strict'
import fc from 'fast-check'
import { diffPolicies, formatDiff, parsePolicy } from '../../../src/policy/index.ts'

const policyOf = (document: object) => parsePolicy(Buffer.from(JSON.stringify({ version: 1, ...document }))).policy

describe('the difference of two policies', () => {
  const before = policyOf({
    description: 'first',
    allow: {
      domains: ['a.example.com', '*.b.example.com', { name: 'git.example.org', ports: [22] }],
      ips: ['192.0.2.0/24', '2001:db8::/48'],
    },
    deny: { domains: ['bad.example.com'] },
    labels: { 'a.example.com': 'one' },
  })
  const after = policyOf({
    allow: {
      domains: [
        'c.example.com',
        'a.example.com',
        { name: 'git.example.org', ports: [22, 443], protocols: ['tcp'], label: 'git' },
      ],
      ips: [{ prefix: '2001:db8::/48', ports: [443] }, '198.51.100.7'],
      ports: [80, 443, '8000-8010'],
    },
    deny: { domains: ['bad.example.com', '*.ads.example.com'] },
    labels: { 'a.example.com': 'two' },
  })

  it('is told list by list, with what changed and what it was', () => {
    assert.equal(
      formatDiff(diffPolicies(before, after)),
      [
        'allowed domains: 1 added, 1 removed, 1 changed',
        '  - *.b.example.com',
        '  + c.example.com',
        '  ~ git.example.org (ports 22,443, tcp, label "git"), was (ports 22)',
        'allowed prefixes: 1 added, 1 removed, 1 changed',
        '  - 192.0.2.0/24',
        '  + 198.51.100.7/32',
        '  ~ 2001:db8::/48 (ports 443), was (nothing)',
        'denied domains: 1 added',
        '  + *.ads.example.com',
        'labels: 1 changed',
        '  ~ a.example.com (label "two"), was (label "one")',
        '~ ports 80,443,8000-8010, was 80,443 (default)',
        '~ description none, was "first"',
        '',
      ].join('\n'),
    )
  })

  it('is nothing for the same policy in another order and spelling', () => {
    const one = policyOf({
      allow: { domains: ['a.example.com', 'b.example.com'], ips: ['192.0.2.0/24', '10.0.0.0/8'] },
    })
    const other = policyOf({
      allow: { ips: ['10.0.0.0/8', '192.0.2.0/24'], domains: ['B.example.com.', 'A.example.com'] },
    })
    const diff = diffPolicies(one, other)
    assert.equal(diff.same, true)
    assert.equal(formatDiff(diff), 'No difference.\n')
  })

  it('is nothing where a default is written out or left out, for the policy and for an entry', () => {
    const short = policyOf({ allow: { domains: ['a.example.com'], ips: ['192.0.2.0/24'] } })
    const entry = { ports: [443, 80], protocols: ['udp', 'tcp'] }
    const long = policyOf({
      allow: {
        domains: [{ name: 'a.example.com', ...entry }],
        ips: [{ prefix: '192.0.2.0/24', ...entry }],
        ports: [80, 443],
      },
    })
    for (const [one, other] of [
      [short, long],
      [long, short],
    ] as const)
      assert.equal(formatDiff(diffPolicies(one, other)), 'No difference.\n')
    const wider = policyOf({ allow: { domains: ['a.example.com'], ips: ['192.0.2.0/24'], ports: [22, 80, 443] } })
    const shown =
      'allowed domains: 1 changed\n  ~ a.example.com, was (ports 80,443, tcp+udp)\n' +
      'allowed prefixes: 1 changed\n  ~ 192.0.2.0/24, was (ports 80,443, tcp+udp)\n~ ports 22,80,443, was 80,443\n'
    assert.equal(formatDiff(diffPolicies(long, wider)), shown)
  })

  it('to no policy is everything', () => {
    const { lists } = diffPolicies(undefined, before)
    assert.deepEqual(lists['allow.domains'].counts, { added: 3, removed: 0, changed: 0 })
    assert.deepEqual(lists['deny.domains'].counts, { added: 1, removed: 0, changed: 0 })
  })

  it('stays short for many changes, and counts them all', () => {
    const many = policyOf({ allow: { domains: Array.from({ length: 5000 }, (_, i) => `${i}.example.com`) } })
    const diff = diffPolicies(undefined, many)
    assert.equal(diff.lists['allow.domains'].counts.added, 5000)
    assert.equal(diff.lists['allow.domains'].added.length, 1000)
    const lines = formatDiff(diff).split('\n')
    assert.equal(lines.length, 23)
    assert.equal(lines.at(-2), '  + … and 4980 more')
  })

  it('is what sets of entries say, however the lists were changed', () => {
    const names = fc.uniqueArray(fc.integer({ min: 0, max: 30 }), { maxLength: 25 })
    fc.assert(
      fc.property(names, names, (old, next) => {
        const texts = (list: number[]) => list.map((i) => (i % 3 === 0 ? `*.n${i}.example.com` : `n${i}.example.com`))
        const diff = diffPolicies(
          policyOf({ allow: { domains: texts(old) } }),
          policyOf({ allow: { domains: texts(next) } }),
        )
        const list = diff.lists['allow.domains']
        const missing = (from: number[], other: number[]) => texts(from).filter((text) => !texts(other).includes(text))
        assert.deepEqual(list.added.map((entry) => entry.text).sort(), missing(next, old).sort())
        assert.deepEqual(list.removed.map((entry) => entry.text).sort(), missing(old, next).sort())
        assert.equal(list.counts.changed, 0)
      }),
      { numRuns: 500 },
    )
  })
})
