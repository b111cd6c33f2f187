import { strict as assert } from 'node:assert'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { ClawgressError } from '../../../src/base/errors.ts'
import {
  type ConfigNode,
  ConfigTree,
  type Definition,
  loadDefinitions,
  parseJson,
  parseSetCommands,
  printJson,
  printSetCommands,
} from '../../../src/vyos/index.ts'

const definitions = loadDefinitions(fileURLToPath(new URL('../../data/session/definitions', import.meta.url)))

/** Everything that a command line can hold; line ends it cannot. */
const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .filter((value) => !/[\x00-\x1f\x7f]/.test(value))
const leafOf = (definition: Definition): fc.Arbitrary<ConfigNode> => {
  const values = definition.valueless
    ? fc.constant([])
    : definition.multi
      ? fc.uniqueArray(text, { minLength: 1, maxLength: 3 })
      : text.map((value) => [value])
  return values.map((list) => ({ values: list, children: new Map(), tag: false }))
}
const nodeOf = (children: ReadonlyMap<string, Definition>): fc.Arbitrary<ConfigNode> =>
  fc
    .tuple(
      ...[...children.values()].map((definition) =>
        fc.option(definition.kind === 'leaf' ? leafOf(definition) : below(definition), { nil: undefined }),
      ),
    )
    .map((made) => {
      const names = [...children.keys()]
      const present = made.flatMap((child, index) => (child === undefined ? [] : [[names[index]!, child] as const]))
      return { values: [], children: new Map(present), tag: false }
    })
function below(definition: Definition): fc.Arbitrary<ConfigNode> {
  if (definition.kind === 'node') return nodeOf(definition.children)
  return fc
    .uniqueArray(fc.tuple(text, nodeOf(definition.children)), { selector: ([tag]) => tag, minLength: 1, maxLength: 3 })
    .map((tags) => ({ values: [], children: new Map(tags), tag: true }))
}
const tree = nodeOf(definitions.roots).map((root) => new ConfigTree(root, ''))

const refusal = (read: () => unknown): string => {
  try {
    read()
  } catch (error) {
    assert.ok(error instanceof ClawgressError, String(error))
    return error.message
  }
  assert.fail('it was read')
}

/** Comments may span lines, as those of a file that somebody wrote do. */
const comment = fc
  .array(text, { minLength: 1, maxLength: 3 })
  .map((lines) => lines.join('\n').trim())
  .filter((words) => words !== '' && !words.includes('*/'))
const commented = fc.tuple(tree, fc.infiniteStream(fc.option(comment, { nil: undefined }))).map(([made, comments]) => {
  const visit = (node: ConfigNode): ConfigNode => {
    const children = new Map([...node.children].map(([name, child]) => [name, visit(child)]))
    const { value: words } = comments.next() as IteratorResult<string | undefined>
    return { ...node, children, ...(words === undefined ? {} : { comment: words }) }
  }
  const { comment: _, ...root } = visit(made.root)
  return new ConfigTree(root, '')
})

describe('set commands', () => {
  it('give back any tree that was printed as them, with its comments', () => {
    fc.assert(
      fc.property(commented, (made) => {
        const printed = printSetCommands(made).join('\n')
        assert.ok(parseSetCommands(printed, definitions).equals(made), printed)
      }),
      { numRuns: 300 },
    )
  })

  it('are read with comments, deletions, shortened names and every quoting of a shell', () => {
    const read = parseSetCommands(
      `# a remark
set serv demo mo "two"
set service demo instance a\\ b

comment service demo ' it is so '
set system unowned x;
set system unowned 'y z'
delete system unowned x
`,
      definitions,
    )
    assert.deepEqual(printSetCommands(read), [
      "set service demo instance 'a b'",
      "set service demo mode 'two'",
      "comment service demo 'it is so'",
      "set system unowned 'y z'",
    ])
  })

  for (const [line, wanted] of [
    ['set service nosuch', /^line 2, column 1: "service \[nosuch\]" is not a configuration path\. \(config\.path\)$/],
    ['set service demo mode', /^line 2, column 1: "service demo mode" requires a value\. \(config\.syntax\)$/],
    ['set', /^line 2, column 1: "set" needs the configuration node/],
    ['show', /^line 2, column 1: A line must begin with set, delete or comment, not with "show"/],
    ['set service demo | sh', /^line 2, column 1: One command a line is read here/],
    ["comment system 'x */ service { demo { } } /*'", /^line 2, column 1: A comment cannot hold "\*\/"/],
    ["set system unowned it's\nset service demo\nset system unowned it's", /^line 2, column 1: A ' is not closed/],
    ["comment system it's\nset service demo\nset system unowned it's", /^line 2, column 1: A ' is not closed/],
    ['set service demo "x', /^line 2, column 1: A " is not closed\. \(config\.syntax\)$/],
  ] as const) {
    it(`are refused with their line: ${line}`, () => {
      assert.match(
        refusal(() => parseSetCommands(`set system unowned a\n${line}\n`, definitions)),
        wanted,
      )
    })
  }

  it('never fail in another way, whatever they hold', () => {
    const piece = fc.oneof(
      fc.constantFrom('set ', 'delete ', 'service ', 'demo ', 'instance ', "'", '"', '\n', '\\'),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        try {
          parseSetCommands(pieces.join(''), definitions)
        } catch (error) {
          assert.ok(error instanceof ClawgressError, String(error))
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('JSON', () => {
  it('gives back any tree that was printed as it', () => {
    fc.assert(
      fc.property(tree, fc.boolean(), (made, pretty) => {
        const printed = printJson(made, { pretty, definitions })
        assert.ok(parseJson(printed, definitions).equals(made), printed)
      }),
      { numRuns: 300 },
    )
  })

  it('is what Python prints: ASCII, blanks after commas and colons, nodes in the order of VyOS', () => {
    const set = "set service demo instance 10 size '1'\nset service demo instance 9\nset system unowned 'é\"\\'"
    const made = parseSetCommands(set.replace(`'é"\\'`, `'é"'`), definitions)
    assert.equal(
      printJson(made, { definitions }),
      '{"service": {"demo": {"instance": {"9": {}, "10": {"size": "1"}}}}, "system": {"unowned": ["\\u00e9\\""]}}',
    )
    assert.equal(printJson(ConfigTree.empty), '{}')
  })

  for (const [source, wanted] of [
    ['{"service":', /^This is not JSON: .*\(config\.syntax\)$/],
    ['{"nosuch": {}}', /^nosuch: This node does not exist in this version\. \(config\.path\)$/],
    ['{"service": {"demo": {"mode": 1}}}', /^service demo mode: A string, or a list of strings, is expected here/],
    ['{"service": []}', /^service: An object is expected here/],
    ['{"service": {"demo": {"early": {"on": {"x": "y"}}}}}', /^service demo early on: This node takes no value/],
    ['[1]', /An object is expected here/],
  ] as const) {
    it(`is refused with the path: ${source}`, () => {
      assert.match(
        refusal(() => parseJson(source, definitions)),
        wanted,
      )
    })
  }
})
