import assert from 'node:assert/strict'
import fc from 'fast-check'
import { formatPrefix } from '../../../src/base/address.ts'
import { compilePlan, FlatNameIndex, type Plan } from '../../../src/plan/index.ts'
import {
  diffPolicies,
  formatDiff,
  nativeChange,
  nativeWords,
  POLICY_PATH,
  type Policy,
  type PolicyNodes,
  parsePolicy,
  printPolicy,
  readNativePolicy,
} from '../../../src/policy/index.ts'
import {
  ConfigTree,
  checkTree,
  configDict,
  loadDefinitions,
  parseConfig,
  parseSetCommands,
  placementOf,
  printConfig,
  printSetCommands,
} from '../../../src/vyos/index.ts'
import { settingsWith } from '../plan/settings.ts'

const definitions = loadDefinitions()

const name = fc.constantFrom(
  'api.openai.com',
  'API.Anthropic.com.',
  '_dmarc.a-b.example',
  'bücher.example',
  'localhost',
  '4chan.org',
  `${'a'.repeat(63)}.example`,
  '例え.jp',
)
const pattern = fc.tuple(fc.boolean(), name).map(([wildcard, base]) => (wildcard ? `*.${base}` : base))
const covering = fc.record({
  name: fc.constantFrom('*.com', '*.co.uk', '*.github.io'),
  public_suffix: fc.constant(true),
})
const ports = fc.uniqueArray(fc.constantFrom<number | string>(22, 53, 443, '443', '8000-8010', '1-65535', '400-500'), {
  minLength: 1,
  maxLength: 4,
})
/** Everything that free text may hold, and what shells, printers and parsers stumble over. */
const character = fc.oneof(
  fc.constantFrom(...' \\$`#{}/*;|&<>()~!?%°äß«日😀\u00a0'),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
)
const text = fc
  .array(character, { minLength: 1, maxLength: 30 })
  .map((characters) => characters.join(''))
  .filter((joined) => isText(joined))
const isText = (value: string): boolean => {
  const document = JSON.stringify({ version: 1, labels: { 'a.example': value } })
  try {
    parsePolicy(Buffer.from(document))
    return true
  } catch {
    return false
  }
}

const optional = { requiredKeys: [] }
const remarks = { label: text, reason: text }
const said = { ports, protocols: fc.constantFrom(['tcp'], ['udp'], ['udp', 'tcp']), ...remarks }
const entry = (key: string, value: fc.Arbitrary<string>, fields: Record<string, fc.Arbitrary<unknown>>) =>
  fc.tuple(value, fc.record(fields, optional)).map(([one, more]) => ({ [key]: one, ...more }))
const prefix = fc.constantFrom(
  '1.2.3.4',
  '1.2.3.0/24',
  '10.0.0.0/8',
  '2001:DB8:0::/48',
  '2001:db8::1',
  '::ffff:1.2.3.4',
)
const wide = fc.record({ prefix: fc.constantFrom('0.0.0.0/0', '2000::/3'), wide: fc.constant(true) })

const identity = (of: 'name' | 'prefix') => (value: unknown) => {
  const written = typeof value === 'string' ? value : (value as Record<string, string>)[of]!
  return written.toLowerCase().replace(/\.$/, '')
}
const domains = (...more: fc.Arbitrary<unknown>[]) =>
  fc.uniqueArray(fc.oneof(pattern, ...more), { selector: identity('name'), maxLength: 6 })
const ips = (...more: fc.Arbitrary<unknown>[]) =>
  fc.uniqueArray(fc.oneof(prefix, ...more), { selector: identity('prefix'), maxLength: 4 })

const documents = fc.record(
  {
    version: fc.constant(1),
    description: text,
    allow: fc.record(
      {
        domains: domains(entry('name', pattern, said), covering),
        ips: ips(entry('prefix', prefix, said), wide),
        ports,
      },
      optional,
    ),
    deny: fc.record(
      { domains: domains(entry('name', pattern, remarks)), ips: ips(entry('prefix', prefix, remarks)) },
      optional,
    ),
    labels: fc
      .uniqueArray(fc.tuple(fc.oneof(pattern, prefix), text), {
        selector: ([key]) => identity('name')(key),
        maxLength: 3,
      })
      .map((entries) => Object.fromEntries(entries)),
  },
  { requiredKeys: ['version'] },
)

/** Each `set` as an operator would type it; a value that VyOS would refuse fails the test. */
function treeOf(policy: Policy): ConfigTree {
  let tree = ConfigTree.empty
  for (const words of [[], ...nativeWords(policy)]) {
    const found = definitions.locate([...POLICY_PATH, ...words])
    assert.ok(found.ok, `no node for ${words.join(' ')}`)
    tree = tree.place(placementOf(found.located))
  }
  assert.deepEqual(checkTree(definitions, tree, POLICY_PATH), [])
  return tree
}

const policyIn = (tree: ConfigTree): Policy =>
  readNativePolicy(configDict(tree, definitions, POLICY_PATH) as PolicyNodes).policy

/** All that a Plan decides by, without where it was written and in what order. */
function meaningOf(policy: Policy): unknown {
  const plan: Plan = compilePlan(policy, settingsWith())
  assert.ok(plan.names instanceof FlatNameIndex)
  const [group] = plan.groups
  const classOf = (id: number) => plan.classes[id]!.key
  const names = plan.names.groups[0]!.flatMap(({ table, classOf: classes, labels }) =>
    Array.from({ length: table.size }, (_, i) => {
      const attribute = table.attributes[i]!
      return [table.kind(i), table.text(i), table.kind(i) < 2 ? classOf(classes[attribute]!) : '', labels[attribute]]
    }),
  )
  const sorted = (values: unknown[]) => values.map((value) => JSON.stringify(value)).sort()
  return {
    description: plan.source.description,
    ports: policy.ports,
    names: sorted(names),
    statics: sorted(group!.statics.map((one) => [formatPrefix(one.prefix), classOf(one.classId)])),
    denied: sorted(group!.denyPrefixes.map(formatPrefix)),
    entries: sorted(group!.prefixEntries.map((one) => [one.list, formatPrefix(one.prefix), one.label])),
  }
}

function assertSame(after: Policy, before: Policy): void {
  assert.equal(formatDiff(diffPolicies(before, after)), 'No difference.\n')
  assert.deepEqual(meaningOf(after), meaningOf(before))
}

describe('a policy in the configuration', () => {
  const parsed = (document: unknown) => parsePolicy(Buffer.from(JSON.stringify(document))).policy

  it('means the same as the file that it was loaded from, and as the file that it is written to', () => {
    fc.assert(
      fc.property(documents, (document) => {
        const before = parsed(document)
        const native = policyIn(treeOf(before))
        assertSame(native, before)
        assertSame(parsePolicy(Buffer.from(printPolicy(native))).policy, before)
      }),
    )
  })

  it('means the same after config.boot was written and read again', () => {
    fc.assert(
      fc.property(documents, (document) => {
        const tree = treeOf(parsed(document))
        assertSame(policyIn(parseConfig(printConfig(tree), 'config.boot')), parsed(document))
      }),
    )
  })

  it('means the same after it was printed as commands and these were typed', () => {
    fc.assert(
      fc.property(documents, (document) => {
        const commands = printSetCommands(treeOf(parsed(document)))
        assertSame(policyIn(parseSetCommands(commands.join('\n'), definitions)), parsed(document))
      }),
    )
  })

  it('becomes another policy by the least deletions and additions', () => {
    fc.assert(
      fc.property(documents, documents, (first, second) => {
        let tree = treeOf(parsed(first))
        const nodes = configDict(tree, definitions, POLICY_PATH) as PolicyNodes
        const { remove, set } = nativeChange(nodes, parsed(second))
        for (const words of remove) {
          const path = [...POLICY_PATH, ...words]
          assert.ok(tree.hasNodeOrValue(path), `${words.join(' ')} is deleted and does not exist`)
          tree = tree.has(path) ? tree.remove(path) : tree.removeValue(path.slice(0, -1), path.at(-1)!)
        }
        for (const words of set) {
          const found = definitions.locate([...POLICY_PATH, ...words])
          assert.ok(found.ok)
          assert.ok(!tree.hasNodeOrValue(found.located.words), `${words.join(' ')} is set and exists already`)
          tree = tree.place(placementOf(found.located))
        }
        assertSame(policyIn(tree), parsed(second))
        const again = nativeChange(configDict(tree, definitions, POLICY_PATH) as PolicyNodes, parsed(second))
        assert.deepEqual(again, { remove: [], set: [] })
      }),
    )
  })
})
