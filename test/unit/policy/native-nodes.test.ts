import assert from 'node:assert/strict'
import { clawgressService } from '../../../build/configuration-page.ts'
import { ClawgressError, formatProblem } from '../../../src/base/errors.ts'
import { compilePlan, decide, loadPlan, writePlan } from '../../../src/plan/index.ts'
import {
  diffPolicies,
  mergePolicies,
  mergeProblems,
  type NodeValue,
  nativeWords,
  type Policy,
  type PolicyNodes,
  parsePolicy,
  readNativePolicy,
} from '../../../src/policy/index.ts'
import { type Definition, loadDefinitions } from '../../../src/vyos/index.ts'
import { tempFolder } from '../daemon/temp-folder.ts'
import { settingsWith } from '../plan/settings.ts'

const refusal = (nodes: PolicyNodes): string[] => {
  try {
    readNativePolicy(nodes)
  } catch (error) {
    if (error instanceof ClawgressError) return error.problems.map(formatProblem)
    throw error
  }
  throw new Error('it was accepted')
}
const native = (nodes: PolicyNodes): Policy => readNativePolicy(nodes).policy
const fromFile = (document: object): Policy =>
  parsePolicy(Buffer.from(JSON.stringify({ version: 1, ...document }))).policy
const domains = (...names: string[]): PolicyNodes => ({
  allow: { domain: Object.fromEntries(names.map((name) => [name, {}])) },
})

describe('the policy nodes of the configuration', () => {
  const folder = tempFolder()

  it('are refused with a sentence and the path of the node, all at once', () => {
    const nodes = {
      description: 'said "twice"',
      allow: {
        domain: {
          '*.co.uk': {},
          '192.0.2.1': {},
          'a.example': { port: ['443', '90-80'], protocol: 'icmp', label: 'x'.repeat(201) },
          'b.example': { window: 'office' },
        },
        address: { '0.0.0.0/0': {}, '192.0.2.300': {}, '2000::/4': {} },
        port: ['0'],
      },
      deny: { domain: { 'c.example': { port: '22' } }, limit: {} },
      label: { 'd.example': {}, 'bad name': { tag: 'x' } },
      group: {},
    }
    assert.deepEqual(refusal(nodes), [
      'service clawgress policy group: This node does not exist in this version. (config.path)',
      'service clawgress policy deny limit: This node does not exist in this version. (config.path)',
      'service clawgress policy allow address 192.0.2.300: "192.0.2.300" is not an IP address or prefix. Write it as "192.0.2.0/24" or "2001:db8::/32". (policy.prefix)',
      'service clawgress policy allow domain *.co.uk: "*.co.uk" covers a whole public suffix, where anybody can register names. List the domains that are meant, or set public-suffix below this node. (policy.public-suffix)',
      'service clawgress policy allow domain 192.0.2.1: "192.0.2.1" is an IP address; addresses belong under "address". (policy.name)',
      'service clawgress policy allow domain a.example port: A port is a number from 1 to 65535 or a range such as "8000-8010". (config.value)',
      'service clawgress policy allow domain a.example protocol: A protocol is "tcp" or "udp". (config.value)',
      'service clawgress policy allow domain a.example label: The text has more than 200 characters. (config.value)',
      'service clawgress policy allow domain b.example window: This node does not exist in this version. (config.path)',
      'service clawgress policy deny domain c.example port: This node does not exist in this version. (config.path)',
      'service clawgress policy label bad name: "bad name" is not a domain name: it holds a space; letters, digits, "-", "_" and "." are possible. (policy.name)',
      'service clawgress policy label d.example: This label says nothing: set its tag. (config.missing)',
      'service clawgress policy description: The text holds a quote, a line end or another control character. (config.value)',
      'service clawgress policy allow port: A port is a number from 1 to 65535 or a range such as "8000-8010". (config.value)',
      'service clawgress policy allow address 0.0.0.0/0: 0.0.0.0/0 is wider than /8. Name smaller prefixes, or set wide below this node. (policy.prefix)',
      'service clawgress policy allow address 2000::/4: 2000::/4 is wider than /16. Name smaller prefixes, or set wide below this node. (policy.prefix)',
    ])
  })

  it('are refused where two of them mean the same, because deleting one would not revoke it', () => {
    assert.deepEqual(refusal(domains('api.example.com', 'API.example.com.')), [
      'service clawgress policy allow domain API.example.com.: API.example.com. means the same as api.example.com, which stands at service clawgress policy allow domain api.example.com. Delete one of them. (policy.duplicate-entry)',
    ])
    const address = { '2001:db8::/32': {}, '2001:DB8:0::/32': {}, '192.0.2.1': {}, '192.0.2.1/32': {} }
    assert.equal(refusal({ allow: { address } }).length, 2)
    assert.equal(refusal({ label: { 'a.example': { tag: 'x' }, 'A.example': { tag: 'x' } } }).length, 1)
  })

  it('give the same policy in whatever order they come', () => {
    const hashOf = (nodes: PolicyNodes) => compilePlan(native(nodes), settingsWith()).policyHash
    assert.equal(hashOf(domains('b.example', 'a.example')), hashOf(domains('a.example', 'b.example')))
    assert.notEqual(hashOf(domains('a.example')), hashOf(domains('b.example')))
    const ports = (...list: string[]) => ({ allow: { domain: { 'a.example': { port: list } } } })
    assert.equal(hashOf(ports('443', '22')), hashOf(ports('22', '443')))
  })

  it('are read, every one that the definitions have', () => {
    const samples: Readonly<Record<string, NodeValue>> = {
      port: ['8443'],
      protocol: ['udp'],
      'public-suffix': {},
      wide: {},
      domain: { 'b.example': {} },
      address: { '192.0.2.9': {} },
    }
    const below = (words: readonly string[], value: NodeValue): PolicyNodes =>
      words.reduceRight<NodeValue>((inner, word) => ({ [word]: inner }), value) as PolicyNodes
    function* nodes(parent: Definition, path: readonly string[]): Iterable<readonly [PolicyNodes, PolicyNodes]> {
      for (const child of parent.children.values()) {
        const at = [...path, child.name]
        const tag = child.name === 'address' ? '192.0.2.1' : 'a.example'
        if (child.kind === 'node') yield* nodes(child, at)
        else if (child.name === 'label' && child.kind === 'tag')
          yield [below([...at, tag], { tag: 'x' }), below([...at, tag], { tag: 'y' })]
        else {
          yield [below(path, {}), below(at, samples[child.name] ?? 'text')]
          if (child.kind === 'tag') yield* nodes(child, [...at, tag])
        }
      }
    }
    const policy = clawgressService(loadDefinitions()).children.get('policy')!
    const pairs = [...nodes(policy, [])]
    assert.equal(pairs.length, 21)
    for (const [without, withIt] of pairs)
      assert.equal(diffPolicies(native(without), native(withIt)).same, false, JSON.stringify(withIt))
  })

  it('allow nothing where they are empty', () => {
    for (const nodes of [{}, { allow: {} }, { allow: { domain: {} }, deny: {} }])
      assert.deepEqual(nativeWords(native(nodes)), [])
  })

  it('are named by a decision as the operator wrote them, also after the Plan was stored', () => {
    const plan = compilePlan(
      native({
        allow: { domain: { 'API.example.com.': {} }, address: { '2001:DB8::': {} } },
        deny: { domain: { 'x.org': {} } },
      }),
      settingsWith(),
    )
    writePlan(plan, `${folder()}/plan`)
    for (const one of [plan, loadPlan(`${folder()}/plan`)]) {
      const ruleOf = (question: object) => decide(one, { port: 443, protocol: 'tcp', ...question }).rule?.path
      assert.equal(ruleOf({ name: 'api.example.com' }), 'service clawgress policy allow domain API.example.com.')
      assert.equal(ruleOf({ address: '2001:db8::' }), 'service clawgress policy allow address 2001:DB8::')
      assert.equal(ruleOf({ name: 'x.org' }), 'service clawgress policy deny domain x.org')
    }
  })
})

describe('policy nodes beside a policy file', () => {
  it('add to it', () => {
    const merged = mergePolicies([fromFile({ allow: { domains: ['a.example'] } }), native(domains('b.example'))])
    const plan = compilePlan(merged, settingsWith())
    assert.deepEqual([...plan.names.allowEntries(0)], ['a.example', 'b.example'])
  })

  it('never take ports away: those of the file stay open beside those that are added', () => {
    const added = native({ allow: { port: ['8443'] } })
    assert.deepEqual(
      mergePolicies([fromFile({}), added]).ports?.map(({ first }) => first),
      [80, 443, 8443],
    )
    const listed = fromFile({ allow: { ports: [22] } })
    assert.deepEqual(
      mergePolicies([listed, added]).ports?.map(({ first }) => first),
      [22, 8443],
    )
    assert.deepEqual(
      mergePolicies([added]).ports?.map(({ first }) => first),
      [8443],
    )
  })

  it('may repeat its entries, but not with other attributes', () => {
    const file = fromFile({
      allow: {
        domains: [{ name: 'a.example', ports: [22] }, '*.b.example'],
        ips: [{ prefix: '192.0.2.0/24', label: 'x' }],
      },
      labels: { 'c.example': 'one' },
    })
    const same = {
      domain: { 'a.example': { port: '22' }, '*.b.example': {} },
      address: { '192.0.2.0/24': { label: 'x' } },
    }
    assert.deepEqual(mergeProblems(file, native({ allow: same, label: { 'c.example': { tag: 'one' } } })), [])
    const other = { domain: { 'A.example': {}, 'b.example': { port: '1' } }, address: { '192.0.2.0/24': {} } }
    assert.deepEqual(
      mergeProblems(file, native({ allow: other, label: { 'c.example': { tag: 'two' } } })).map(formatProblem),
      [
        'service clawgress policy allow domain A.example: a.example stands in the policy file too, at $.allow.domains[0], with other attributes. Keep one of them. (policy.duplicate-entry)',
        'service clawgress policy label c.example: c.example stands in the policy file too, at $.labels, with other attributes. Keep one of them. (policy.duplicate-entry)',
        'service clawgress policy allow address 192.0.2.0/24: 192.0.2.0/24 stands in the policy file too, at $.allow.ips[0], with other attributes. Keep one of them. (policy.duplicate-entry)',
      ],
    )
  })

  it('are refused where only together with it they are too wide', () => {
    const file = fromFile({ allow: { ips: ['10.0.0.0/8'] } })
    assert.deepEqual(mergeProblems(file, native({ allow: { address: { '11.0.0.0/8': {} } } })).map(formatProblem), [
      'service clawgress policy allow address 11.0.0.0/8: This and prefixes of the policy file together make 10.0.0.0/7, wider than /8. Name smaller prefixes, or set wide below this node. (policy.prefix)',
    ])
    assert.deepEqual(mergeProblems(file, native({ allow: { address: { '12.0.0.0/8': {} } } })), [])
  })
})
