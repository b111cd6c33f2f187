import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { ClawgressError } from '../../../src/base/errors.ts'
import { compilePlan, loadPlan, writePlan } from '../../../src/plan/index.ts'
import { mergePolicies, parsePolicy } from '../../../src/policy/index.ts'
import { policyFiles } from '../policy/golden.ts'
import { settingsWith } from './settings.ts'

describe('a written Plan', () => {
  let dir = ''
  let count = 0
  const full = parsePolicy(policyFiles('accepted').find(({ name }) => name === 'full')!.bytes).policy
  const plan = compilePlan(full, settingsWith(['192.168.0.0/24', 'fe80::/64'], ['10.20.0.0/16']), {
    policyFile: '/config/policy.json',
  })
  const written = (): string => {
    const folder = join(dir, String(count++))
    writePlan(plan, folder)
    return folder
  }
  const refusal = (folder: string): string => {
    try {
      loadPlan(folder)
    } catch (error) {
      assert.ok(error instanceof ClawgressError, `not a refusal but a crash: ${error}`)
      assert.equal(error.problems[0]!.code, 'policy.file')
      return error.problems[0]!.message
    }
    return assert.fail('the Plan was loaded')
  }

  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'clawgress-plan-'))
  })
  after(() => {
    rmSync(dir, { recursive: true, force: true })
  })

  it('is loaded as what it was', () => {
    const loaded = loadPlan(written())
    assert.deepEqual({ ...loaded, names: undefined }, { ...plan, names: undefined })
    assert.deepEqual([...loaded.names.allowEntries(0)], [...plan.names.allowEntries(0)])
    assert.equal(loaded.names.allowCount, 3)
    assert.equal(loaded.names.denyCount, 2)
    assert.equal(loaded.names.label(0, 'git.example.org'), 'git')
    assert.equal(loaded.names.label(0, 'x.example.org'), 'partners')
  })

  it('is refused wherever it is cut off', () => {
    for (const file of ['plan.json', 'names-0.bin']) {
      const size = readFileSync(join(written(), file)).length
      for (const keep of [0, 1, 63, 64, 65, Math.floor(size / 2), size - 1]) {
        const folder = written()
        truncateSync(join(folder, file), Math.min(keep, size - 1))
        assert.match(refusal(folder), /compiled (names|policy)/)
      }
    }
  })

  it('is refused with any octet of its names changed', () => {
    const folder = written()
    const file = join(folder, 'names-0.bin')
    const good = readFileSync(file)
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const bad = Buffer.from(good)
        bad[at] = bad[at]! ^ flip
        writeFileSync(file, bad)
        refusal(folder)
      }),
      { numRuns: 300 },
    )
  })

  it('is refused with octets added, with a file missing, and from another version', () => {
    const longer = written()
    writeFileSync(join(longer, 'names-0.bin'), 'x', { flag: 'a' })
    assert.match(refusal(longer), /octets instead of/)
    const missing = written()
    unlinkSync(join(missing, 'names-0.bin'))
    assert.match(refusal(missing), /cannot be read/)
    assert.match(refusal(join(dir, 'nowhere')), /cannot be read/)
    const edited = (change: (stored: Record<string, unknown>) => void) => {
      const folder = written()
      const stored = JSON.parse(readFileSync(join(folder, 'plan.json'), 'utf8')) as Record<string, unknown>
      change(stored)
      writeFileSync(join(folder, 'plan.json'), JSON.stringify(stored))
      return folder
    }
    assert.match(
      refusal(
        edited((stored) => {
          stored.novelty = 1
        }),
      ),
      /not one of this version/,
    )
    assert.match(
      refusal(
        edited((stored) => {
          stored.names = []
        }),
      ),
      /differ in number/,
    )
    assert.match(
      refusal(
        edited((stored) => {
          stored.classes = []
        }),
      ),
      /class does not exist/,
    )
    assert.match(
      refusal(
        edited((stored) => {
          stored.tables = 0
        }),
      ),
      /table that does not exist/,
    )
  })

  it('does not overwrite another one', () => {
    const folder = written()
    assert.throws(() => writePlan(plan, folder), { code: 'EEXIST' })
    assert.ok(existsSync(join(folder, 'plan.json')))
  })
})

describe('the generation', () => {
  const policy = (text: string) => parsePolicy(Buffer.from(text)).policy
  const settings = settingsWith(['192.168.0.0/24'])
  const generation = (text: string, other = settings) => compilePlan(policy(text), other).generation
  const base = '{"version":1,"allow":{"domains":["a.example.com","b.example.com"],"ips":["192.0.2.0/24"]}}'

  it('is 16 hex digits and the same for every spelling of the same policy', () => {
    assert.match(generation(base), /^[0-9a-f]{16}$/)
    const spelled =
      '{ "allow": { "ips": ["192.0.2.0/24"], "domains": ["A.Example.COM.", {"name":"b.example.com"}] }, "version": 1, "$schema": "x" }'
    assert.equal(generation(spelled), generation(base))
  })

  it('differs with every change of meaning', () => {
    const changed = [
      '{"version":1}',
      base.replace('a.example', 'c.example'),
      base.replace('"a.example', '"*.a.example'),
      base.replace('"allow"', '"deny"'),
      base.replace('192.0.2.0/24', '192.0.2.0/25'),
      base.replace('{"domains"', '{"ports":[443],"domains"'),
      base.replace('"b.example.com"', '{"name":"b.example.com","ports":[22]}'),
      base.replace('{"version":1', '{"version":1,"labels":{"a.example.com":"x"}'),
      base.replace('{"version":1', '{"version":1,"description":"x"'),
      base.replace('"a.example.com","b.example.com"', '"a.example.comb.example.com"'),
      base.replace('"a.example.com","b.example.com"', '"b.example.com","a.example.com"'),
    ]
    assert.equal(new Set([base, ...changed].map((text) => generation(text))).size, changed.length + 1)
  })

  it('follows the settings, while the hash of the policy does not', () => {
    const other = { ...settings, pinSlack: 61 }
    assert.notEqual(generation(base, other), generation(base))
    assert.equal(compilePlan(policy(base), other).policyHash, compilePlan(policy(base), settings).policyHash)
    const reordered = Object.fromEntries(Object.entries(settings).reverse()) as unknown as typeof settings
    assert.equal(generation(base, reordered), generation(base))
  })
})

describe('a Plan from file and configuration', () => {
  it('names rules by JSON path or by configuration path', () => {
    const file = parsePolicy(Buffer.from('{"version":1,"allow":{"domains":["a.example.com"]}}')).policy
    const config = parsePolicy(
      Buffer.from('{"version":1,"allow":{"domains":["*.b.example.com"],"ips":["192.0.2.0/24"]}}'),
      undefined,
      'config',
    ).policy
    const plan = compilePlan(mergePolicies([file, config]), settingsWith())
    assert.equal(plan.names.judge(0, 'a.example.com').rule!.path, '$.allow.domains[0]')
    assert.equal(
      plan.names.judge(0, 'x.b.example.com').rule!.path,
      'service clawgress policy allow domain *.b.example.com',
    )
    assert.equal(plan.groups[0]!.prefixEntries[0]!.path, 'service clawgress policy allow address 192.0.2.0/24')
  })
})
