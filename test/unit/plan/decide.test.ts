import assert from 'node:assert/strict'
import { ClawgressError } from '../../../src/base/errors.ts'
import { compilePlan, decide, type Question } from '../../../src/plan/index.ts'
import { parsePolicy } from '../../../src/policy/index.ts'
import { policyFiles } from '../policy/golden.ts'
import { settingsWith } from './settings.ts'

const planOf = (document: object) =>
  compilePlan(parsePolicy(Buffer.from(JSON.stringify({ version: 1, ...document }))).policy, settingsWith())

const seed = compilePlan(
  parsePolicy(policyFiles('accepted').find(({ name }) => name === 'seed')!.bytes).policy,
  settingsWith(),
)
const reason = (question: Question, plan = seed) => decide(plan, question).reason

describe('decisions under the first policy of the format', () => {
  it('carry reason, rule, label, group and generation', () => {
    assert.deepEqual(decide(seed, { name: 'api.openai.com', port: 443, protocol: 'tcp' }), {
      verdict: 'allow',
      reason: 'allow.name',
      rule: { path: '$.allow.domains[0]', text: 'api.openai.com' },
      label: 'llm-provider',
      group: 'default',
      generation: seed.generation,
    })
    assert.deepEqual(decide(seed, { address: '1.2.3.200', port: 80, protocol: 'udp' }), {
      verdict: 'allow',
      reason: 'allow.address',
      rule: { path: '$.allow.ips[0]', text: '1.2.3.0/24' },
      group: 'default',
      generation: seed.generation,
    })
  })

  it('refuse what the demo shows refused', () => {
    assert.equal(reason({ name: 'example.com' }), 'dns.not-allowed')
    assert.equal(reason({ name: 'x.api.openai.com' }), 'dns.not-allowed')
    assert.equal(reason({ name: 'openai.com' }), 'dns.not-allowed')
    assert.equal(reason({ address: '9.9.9.9', port: 443, protocol: 'tcp' }), 'net.not-pinned')
    assert.equal(reason({ address: '9.9.9.9', port: 853, protocol: 'tcp' }), 'net.dns-bypass')
    assert.equal(reason({ address: '1.2.3.4', port: 8080, protocol: 'tcp' }), 'net.port')
    assert.equal(reason({ name: 'api.openai.com', address: '169.254.169.254' }), 'dns.rebind')
    assert.equal(reason({ address: '2606:4700::1111', port: 443, protocol: 'udp' }), 'net.not-pinned')
    assert.equal(reason({ name: 'api.openai.com', protocol: 'icmp' }), 'net.protocol')
  })

  it('send port 53 to the resolver of the gateway, wherever it is addressed', () => {
    for (const protocol of ['udp', 'tcp']) {
      for (const address of ['9.9.9.9', '2620:fe::fe', '1.2.3.4', '10.0.0.1'])
        assert.equal(reason({ address, port: 53, protocol }), 'allow.dns')
    }
    assert.equal(reason({ address: '9.9.9.9', port: 53, protocol: 'udp', name: 'example.com' }), 'dns.not-allowed')
    assert.equal(reason({ address: '9.9.9.9', port: 53, protocol: 'icmp' }), 'net.protocol')
    for (const { tcp, udp } of seed.classes) {
      for (const { first, last } of [...tcp, ...udp]) assert.ok(first > 53 || last < 53, 'a pin class opens port 53')
    }
  })

  it('read a name as a person writes it', () => {
    assert.equal(reason({ name: 'API.OpenAI.com.' }), 'allow.name')
    assert.equal(decide(seed, { name: 'API.OpenAI.com.' }).rule!.text, 'api.openai.com')
    const plan = planOf({ allow: { domains: ['bücher.example'] } })
    for (const name of ['bücher.example', 'BÜCHER.example', 'xn--bcher-kva.example'])
      assert.equal(reason({ name }, plan), 'allow.name')
  })

  it('allow nothing that cannot be a name', () => {
    const plan = planOf({ allow: { domains: [{ name: '*.com', public_suffix: true }] } })
    for (const name of [
      '',
      '.',
      '*',
      'com',
      '.com',
      '..com',
      'a..com',
      'a.com..',
      `${'a'.repeat(250)}.com`,
      'a b.com',
      'ü\u0000.com',
      '\u202e.com',
    ]) {
      assert.equal(reason({ name }, plan), 'dns.not-allowed', JSON.stringify(name))
    }
  })

  it('are refused for addresses that are none', () => {
    for (const question of [
      { client: '10.0.0' },
      { address: 'example.com' },
      { address: 'fe80::1%eth0' },
      { client: '' },
    ]) {
      assert.throws(
        () => decide(seed, question),
        (error) => error instanceof ClawgressError && error.problems[0]!.code === 'config.value',
      )
    }
  })
})

describe('names that several entries match', () => {
  const plan = planOf({
    allow: {
      domains: [
        { name: '*.example.org', ports: [8080] },
        { name: '*.b.example.org', protocols: ['udp'] },
        { name: 'a.b.example.org', ports: [22], protocols: ['tcp'], label: 'own' },
      ],
    },
    labels: { '*.example.org': 'outer', 'a.b.example.org': 'map' },
  })

  it('get the ports of all of them, and the rule and label of the most specific', () => {
    const allowed = (name: string) =>
      [22, 80, 443, 8080].flatMap((port) =>
        ['tcp', 'udp']
          .filter((protocol) => decide(plan, { name, port, protocol }).verdict === 'allow')
          .map((protocol) => `${protocol}/${port}`),
      )
    assert.deepEqual(allowed('a.b.example.org'), ['tcp/22', 'udp/80', 'udp/443', 'tcp/8080', 'udp/8080'])
    assert.deepEqual(allowed('x.y.b.example.org'), ['udp/80', 'udp/443', 'tcp/8080', 'udp/8080'])
    assert.deepEqual(allowed('b.example.org'), ['tcp/8080', 'udp/8080'])
    assert.deepEqual(allowed('example.org'), [])
    const verdict = plan.names.judge(0, 'a.b.example.org')
    assert.equal(verdict.rule!.path, '$.allow.domains[2]')
    assert.equal(verdict.label, 'own')
    assert.equal(verdict.classIds.length, 3)
    assert.equal(verdict.wildcardOctets, 0)
  })

  it('tell how much of the name a wildcard matched', () => {
    const verdict = plan.names.judge(0, 'x.y.b.example.org')
    assert.equal(verdict.wildcardSuffix, 'b.example.org')
    assert.equal(verdict.wildcardOctets, 3)
    assert.equal(verdict.rule!.text, '*.b.example.org')
    assert.equal(verdict.label, 'outer')
  })
})
