import assert from 'node:assert/strict'
import fc from 'fast-check'
import { compilePlan, diffNames, type Plan } from '../../../src/plan/index.ts'
import { mergePolicies, type Policy, parsePolicy } from '../../../src/policy/index.ts'
import { settingsWith } from './settings.ts'

type Lists = { allow: string[]; deny: string[] }
const policyOf = ({ allow, deny }: Lists): Policy =>
  parsePolicy(Buffer.from(JSON.stringify({ version: 1, allow: { domains: allow }, deny: { domains: deny } }))).policy
const planOf = (...parts: Lists[]): Plan => compilePlan(mergePolicies(parts.map(policyOf)), settingsWith())

const names = fc
  .uniqueArray(fc.integer({ min: 0, max: 40 }), { maxLength: 30 })
  .map((list) => list.map((i) => (i % 4 === 0 ? `*.n${i}.example.com` : `n${i}.example.com`)))
const lists = fc.record({ allow: names, deny: names })

describe('changes of names between two Plans', () => {
  it('are what sets say, for allow and deny lists apart, however many lists they come from', () => {
    fc.assert(
      fc.property(
        fc.array(lists, { minLength: 1, maxLength: 3 }),
        fc.array(lists, { minLength: 1, maxLength: 3 }),
        (old, next) => {
          const found = diffNames(planOf(...old), planOf(...next), 0)
          assert.ok(found !== 'too-many')
          for (const list of ['allow', 'deny'] as const) {
            const before = new Set(old.flatMap((part) => part[list]))
            const after = new Set(next.flatMap((part) => part[list]))
            assert.deepEqual([...found[list].added].sort(), [...after].filter((name) => !before.has(name)).sort())
            assert.deepEqual([...found[list].removed].sort(), [...before].filter((name) => !after.has(name)).sort())
          }
        },
      ),
      { numRuns: 400 },
    )
  })

  it('are not listed above the limit', () => {
    const many = Array.from({ length: 101 }, (_, i) => `n${i}.example.com`)
    const empty = planOf({ allow: [], deny: [] })
    assert.equal(diffNames(empty, planOf({ allow: many, deny: [] }), 0, 100), 'too-many')
    const hundred = diffNames(empty, planOf({ allow: many.slice(1), deny: [] }), 0, 100)
    assert.ok(hundred !== 'too-many' && hundred.allow.added.length === 100)
    assert.equal(diffNames(planOf({ allow: [], deny: many }), empty, 0, 100), 'too-many')
  })

  it('are found in a large list without looking up what did not change', () => {
    const large = Array.from({ length: 200_000 }, (_, i) => `n${i}.example.com`)
    const changed = [
      ...large.slice(0, 500),
      ...large.slice(600, 150_000),
      ...Array.from({ length: 900 }, (_, i) => `new${i}.example.com`),
      ...large.slice(150_000),
    ]
    const moved = [...changed.slice(100_000), ...changed.slice(0, 100_000)]
    const old = planOf({ allow: large, deny: [] })
    for (const next of [planOf({ allow: changed, deny: [] }), planOf({ allow: moved, deny: [] })]) {
      const found = diffNames(old, next, 0)
      assert.ok(found !== 'too-many')
      assert.equal(found.allow.added.length, 900)
      assert.equal(found.allow.removed.length, 100)
    }
  })
})
