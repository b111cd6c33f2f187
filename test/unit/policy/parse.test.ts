import assert from 'node:assert/strict'
import { ClawgressError, formatProblem } from '../../../src/base/errors.ts'
import { mergePolicies, parsePolicy } from '../../../src/policy/index.ts'
import { describePolicy } from './describe.ts'
import { policyFiles } from './golden.ts'

const problemsOf = (bytes: Buffer | string, file?: string): string[] => {
  try {
    parsePolicy(Buffer.from(bytes), file)
  } catch (error) {
    assert.ok(error instanceof ClawgressError, `not a refusal but a crash: ${error}`)
    return error.problems.map(formatProblem)
  }
  return assert.fail('the policy was accepted')
}

const policyOf = (document: object) => parsePolicy(Buffer.from(JSON.stringify(document)))

describe('policy files', () => {
  for (const { name, bytes, expected } of policyFiles('refused')) {
    it(`refuses ${name.replaceAll('-', ' ')} with the expected sentences`, () => {
      assert.equal(`${problemsOf(bytes, `${name}.json`).join('\n')}\n`, expected)
    })
  }

  for (const { name, bytes, expected } of policyFiles('accepted')) {
    it(`accepts ${name.replaceAll('-', ' ')} as what it means`, () => {
      const { policy, warnings } = parsePolicy(bytes, `${name}.json`)
      assert.equal(describePolicy(policy, warnings), expected)
    })
  }
})

describe('limits of a policy', () => {
  it('accepts 100 000 prefixes and refuses one more', () => {
    const ips = Array.from({ length: 100_001 }, (_, i) => `${20 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.1`)
    const [part] = policyOf({ version: 1, allow: { ips: ips.slice(1) } }).policy.parts
    assert.equal(part!.prefixes.length, 100_000)
    const problems = problemsOf(JSON.stringify({ version: 1, allow: { ips } }))
    assert.deepEqual(problems.length, 1)
    assert.match(problems[0]!, /\$\.allow\.ips\[100000\]: .* more than 100000 prefixes.* \(policy\.limit\)$/)
  })

  it('accepts 2 000 000 domains over both lists and refuses one more', () => {
    const text = (allow: number) => {
      const names = (count: number, suffix: string) => Array.from({ length: count }, (_, i) => `"${i}.${suffix}"`)
      return `{"version":1,"allow":{"domains":[${names(allow, 'example.com')}]},"deny":{"domains":[${names(500_000, 'example.net')}]}}`
    }
    const [part] = parsePolicy(Buffer.from(text(1_500_000))).policy.parts
    assert.equal(part!.names.size, 2_000_000)
    const problems = problemsOf(text(1_500_001))
    assert.equal(problems.length, 1)
    assert.match(problems[0]!, /\$\.deny\.domains\[499999\]: .* more than 2000000 domains.* \(policy\.limit\)$/)
  }).timeout(60_000)

  it('refuses a file above 256 MiB without reading it', () => {
    const bytes = Buffer.alloc(256 * 2 ** 20 + 1, 0x20)
    const before = performance.now()
    const problems = problemsOf(bytes)
    assert.match(problems[0]!, /256 MiB.* \(policy\.limit\)$/)
    assert.ok(performance.now() - before < 2000)
  })

  it('bounds warnings as it bounds problems', () => {
    const domains = Array.from({ length: 1000 }, () => 'a.example.com')
    const { warnings } = policyOf({ version: 1, allow: { domains } })
    assert.equal(warnings.length, 51)
    assert.equal(warnings.at(-1)!.message, '949 more of these are not shown.')
  })
})

describe('policies from several sources', () => {
  it('are merged into one that has the lists and ports of all', () => {
    const file = policyOf({
      version: 1,
      description: 'file',
      allow: { domains: ['a.example.com'], ports: [443] },
    }).policy
    const text = Buffer.from(JSON.stringify({ version: 1, allow: { ips: ['192.0.2.0/24'], ports: ['8000-8010'] } }))
    const merged = mergePolicies([file, parsePolicy(text, undefined, 'config').policy])
    assert.equal(
      describePolicy(merged, []),
      'description file\nports 443,8000-8010\nallow [0] a.example.com {}\nallow [0] 192.0.2.0/24 {}\n',
    )
    assert.deepEqual(
      merged.parts.map((part) => part.origin),
      ['file', 'config'],
    )
  })

  it('keep the default ports where none of them names ports', () => {
    const one = policyOf({ version: 1 }).policy
    assert.equal(mergePolicies([one, one]).ports, undefined)
  })
})
