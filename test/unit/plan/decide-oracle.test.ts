import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { compilePlan, decide, loadPlan, type Plan, writePlan } from '../../../src/plan/index.ts'
import { parsePolicy } from '../../../src/policy/index.ts'
import { ask, type OraclePage, type OraclePolicy, type OracleQuestion } from './oracle.ts'
import { settingsWith } from './settings.ts'

const OWN = ['198.41.0.4/32', '2a00:1::/48', '45.0.0.0/24']

/** Few labels, so that names fall below, beside and on each other. */
const label = fc.constantFrom('a', 'b', 'xa', '_c', 'a-b')
const name = fc
  .tuple(
    fc.array(label, { maxLength: 3 }),
    fc.constantFrom('example.org', 'a.example.org', 'example.net', 'xexample.org'),
  )
  .map(([labels, base]) => [...labels, base].join('.'))
const pattern = fc.tuple(fc.boolean(), name).map(([wildcard, base]) => (wildcard ? `*.${base}` : base))

const ADDRESSES = [
  '1.2.3.4',
  '1.2.3.130',
  '1.2.4.1',
  '9.9.9.9',
  '10.0.0.1',
  '127.0.0.1',
  '169.254.169.254',
  '198.41.0.4',
  '45.0.0.7',
  '255.255.255.255',
  '2a00:1::1',
  '2a00:2::1',
  '2a00:2:3::1',
  'fd00::1',
  '::1',
  'ff02::1',
  'fe80::1',
  '2001:db8::1',
  '4000::1',
  '2001:4860::8888',
  '64:ff9b::102:304',
  '64:ff9b::a00:1',
  '64:ff9b::909:909',
  '::ffff:102:304',
  '::ffff:909:909',
  '::102:304',
  '2002:102:304::1',
  '2002:a00:1::1',
  '2002:909:909::1',
  '2001:0:102:304::f6f6:f6f6',
  '2001:0:909:909::f6f6:f6f6',
]
const PREFIXES = [
  '1.2.3.0/24',
  '1.2.3.128/25',
  '1.2.3.4/32',
  '1.2.4.0/24',
  '10.0.0.0/8',
  '169.254.169.254/32',
  '45.0.0.0/25',
  '9.9.9.9/32',
  '2a00:1::/32',
  '2a00:2::/32',
  '2a00:2:3::/48',
  'fd00::/16',
  '2001:db8::1/128',
  '64:ff9b::/96',
  '2002::/16',
  '2001::/32',
  '::ffff:0:0/96',
  '2002:102:304::/48',
  '64:ff9b::102:304/128',
]

const ports = fc.uniqueArray(fc.constantFrom<number | string>(22, 53, 80, 443, 853, '50-60', '8000-8010', '400-500'), {
  minLength: 1,
  maxLength: 3,
})
const attributes = {
  ports,
  protocols: fc.constantFrom<('tcp' | 'udp')[]>(['tcp'], ['udp'], ['udp', 'tcp']),
  label: fc.constantFrom('one', 'two', 'three'),
}
const optional = { requiredKeys: ['key'] as ['key'] }
const domainEntry = fc
  .record({ key: pattern, ...attributes }, optional)
  .map(({ key, ...rest }) => ({ name: key, ...rest }))
const prefixEntry = fc
  .record({ key: fc.constantFrom(...PREFIXES), ...attributes }, optional)
  .map(({ key, ...rest }) => ({ prefix: key, ...rest }))
const nameOf = (item: string | { name: string }) => (typeof item === 'string' ? item : item.name)
const prefixOf = (item: string | { prefix: string }) => (typeof item === 'string' ? item : item.prefix)
const labelled = fc.record({ name: pattern, label: attributes.label }, { requiredKeys: ['name'] })

const policies: fc.Arbitrary<OraclePolicy> = fc.record(
  {
    version: fc.constant(1 as const),
    allow: fc.record(
      {
        domains: fc.uniqueArray(fc.oneof(pattern, domainEntry), { selector: nameOf, maxLength: 8 }),
        ips: fc.uniqueArray(fc.oneof(fc.constantFrom(...PREFIXES), prefixEntry), { selector: prefixOf, maxLength: 5 }),
        ports,
      },
      { requiredKeys: [] },
    ),
    deny: fc.record(
      {
        domains: fc.uniqueArray(fc.oneof(pattern, labelled), { selector: nameOf, maxLength: 3 }),
        ips: fc.uniqueArray(fc.constantFrom(...PREFIXES), { maxLength: 2 }),
      },
      { requiredKeys: [] },
    ),
    labels: fc.dictionary(fc.oneof(pattern, fc.constantFrom(...PREFIXES)), attributes.label, { maxKeys: 4 }),
  },
  { requiredKeys: ['version'] },
)

const questions: fc.Arbitrary<OracleQuestion> = fc.record(
  {
    name,
    address: fc.constantFrom(...ADDRESSES),
    port: fc.constantFrom(22, 53, 55, 80, 443, 450, 853, 5353, 8005, 65535),
    protocol: fc.constantFrom('tcp', 'udp', 'icmp', 'sctp'),
  },
  { requiredKeys: [] },
)

const PAGE: OraclePage = { name: 'a.example.org', addresses: ['198.41.0.4', '2a00:1::1'] }
const pages = fc.constantFrom(undefined, PAGE)

const compile = (policy: OraclePolicy, page?: OraclePage): Plan =>
  compilePlan(parsePolicy(Buffer.from(JSON.stringify(policy))).policy, {
    ...settingsWith(OWN),
    ...(page === undefined ? {} : { whyPage: { name: page.name }, listenAddresses: page.addresses }),
  })

describe('decide()', () => {
  it('says the same as a second, naive implementation: reason, rule and label', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(policies, pages, fc.array(questions, { minLength: 10, maxLength: 30 }), (policy, page, list) => {
        const plan = compile(policy, page)
        for (const question of list) {
          const found = decide(plan, question)
          const expected = ask(policy, OWN, question, page)
          seen.add(expected.reason)
          const said = { reason: found.reason, rule: found.rule?.path, label: found.label }
          assert.deepEqual(said, expected, JSON.stringify(question))
          assert.equal(found.verdict, expected.reason.startsWith('allow.') ? 'allow' : 'deny')
        }
      }),
      { numRuns: 1500 },
    )
    const reasons =
      'allow.name allow.address allow.dns allow.gateway net.gateway dns.not-allowed dns.denied dns.rebind net.not-pinned net.private net.denied net.port net.protocol net.dns-bypass'
    assert.deepEqual([...seen].sort(), reasons.split(' ').sort(), 'the questions do not reach every reason')
  })

  it('says the same after the Plan was written and loaded', () => {
    const dir = mkdtempSync(join(tmpdir(), 'clawgress-plan-'))
    let run = 0
    try {
      fc.assert(
        fc.property(policies, fc.array(questions, { minLength: 5, maxLength: 10 }), (policy, list) => {
          const plan = compile(policy)
          const folder = join(dir, String(run++))
          writePlan(plan, folder)
          const loaded = loadPlan(folder)
          for (const question of list) assert.deepEqual(decide(loaded, question), decide(plan, question))
          assert.deepEqual({ ...loaded, names: undefined }, { ...plan, names: undefined })
          assert.deepEqual([...loaded.names.allowEntries(0)], [...plan.names.allowEntries(0)])
          assert.deepEqual([...loaded.names.denyEntries(0)], [...plan.names.denyEntries(0)])
        }),
        { numRuns: 60 },
      )
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  })
})
