import { strict as assert } from 'node:assert'
import fc from 'fast-check'
import { ClawgressError } from '../../../src/base/errors.ts'
import { type ConfigNode, ConfigTree, parseConfig, printConfig } from '../../../src/vyos/index.ts'
import { cpuTimeOf } from '../../support/cpu-time.ts'

/** `line:column message` of the refusal. */
function refusal(text: string): string {
  try {
    parseConfig(text)
  } catch (error) {
    assert.ok(error instanceof ClawgressError, String(error))
    const { code, line, column, message } = error.problems[0]!
    assert.equal(code, 'config.syntax')
    return `${line}:${column} ${message}`
  }
  assert.fail('the text was read')
}

const word = fc.stringMatching(/^[A-Za-z0-9.:/_@$%&*()+=~^!?<>[\],;|`-]{1,12}$/).filter((text) => !/^\/[/*]/.test(text))
const text = fc.string({ unit: 'binary', maxLength: 20 }).filter((value) => !/[\ud800-\udfff]/.test(value))
const comment = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9 .\n]{0,20}$/).map((value) => value.trim())
const withComment = (node: ConfigNode, remark: string | undefined): ConfigNode =>
  remark === undefined ? node : { ...node, comment: remark }
const remark = fc.option(comment, { nil: undefined })

const { node } = fc.letrec<{ node: ConfigNode; plain: ConfigNode; tags: ConfigNode; leaf: ConfigNode }>((tie) => ({
  node: fc.oneof({ depthSize: 'small', withCrossShrink: true }, tie('leaf'), tie('plain'), tie('tags')),
  leaf: fc
    .tuple(fc.array(text, { maxLength: 3 }), remark)
    .map(([values, note]) => withComment({ values, children: new Map(), tag: false }, note)),
  plain: fc
    .tuple(
      fc.uniqueArray(fc.tuple(word, tie('node')), { selector: ([name]) => name, minLength: 1, maxLength: 4 }),
      remark,
    )
    .map(([children, note]) => withComment({ values: [], children: new Map(children), tag: false }, note)),
  tags: fc
    .uniqueArray(
      fc.tuple(
        text,
        fc.oneof(
          tie('plain'),
          remark.map((note) => withComment({ values: [], children: new Map(), tag: false }, note)),
        ),
      ),
      { selector: ([name]) => name, minLength: 1, maxLength: 3 },
    )
    .map((children) => ({ values: [], children: new Map(children), tag: true })),
}))
const tree = fc
  .uniqueArray(fc.tuple(word, node), { selector: ([name]) => name, maxLength: 5 })
  .map((children) => new ConfigTree({ values: [], children: new Map(children), tag: false }, ''))

describe('the reader of configuration files', () => {
  it('tells leaves, nodes, tag nodes, valueless leaves and repeated values apart', () => {
    const read = parseConfig(`interfaces {
    ethernet eth0 {
        address dhcp
        address "2001:db8::1/64"
        disable
    }
    loopback lo {
    }
}
`)
    const ethernet = read.get(['interfaces', 'ethernet'])
    assert.equal(ethernet?.tag, true)
    assert.deepEqual(read.get(['interfaces', 'ethernet', 'eth0', 'address'])?.values, ['dhcp', '2001:db8::1/64'])
    assert.deepEqual(read.get(['interfaces', 'ethernet', 'eth0', 'disable'])?.values, [])
    assert.equal(read.get(['interfaces', 'loopback', 'lo'])?.children.size, 0)
  })

  it('prints what VyOS prints', () => {
    const source = `service {
    /* who may ask */
    clawgress {
        client {
            interface "eth2"
            interface "eth10"
        }
        disable
        dns {
            name-server 9.9.9.9 {
            }
            name-server 10.0.0.1 {
                port "5353"
            }
        }
        policy-file "/config/a\\\\b \\"c\\"\\n\\001é.json"
    }
}
`
    assert.equal(printConfig(parseConfig(source)), source)
  })

  it('keeps the braces of an empty node, which a leaf without a value has not', () => {
    const source = 'a {\n    b\n    c {\n    }\n    d x {\n    }\n}\n'
    assert.equal(printConfig(parseConfig(source)), source)
    assert.equal(printConfig(parseConfig('a\na {\n}\n')), 'a {\n}\n')
  })

  it('sorts nodes as VyOS does, numbers by their value', () => {
    const read = parseConfig('a {\n  eth10 x\n  eth2 x\n  eth2.5 x\n  Eth2 x\n}\n')
    assert.equal(printConfig(read), 'a {\n    Eth2 "x"\n    eth2 "x"\n    eth2.5 "x"\n    eth10 "x"\n}\n')
  })

  it('joins blocks of one node that do not repeat each other', () => {
    assert.deepEqual([...parseConfig('a {\n b {\n }\n}\na {\n c\n}\n').get(['a'])!.children.keys()], ['b', 'c'])
    assert.match(refusal('a {\n b {\n }\n}\na {\n b\n}\n'), /^6:2 "b" stands in two blocks of the same node\.$/)
  })

  it('reads both quotes, escapes, line comments and values that span lines', () => {
    const read = parseConfig(`a { // note
    b 'it\\'s {x}' // more
    c "two
lines"
    http http://example.com/x // gone
    d "\\/\\t\\""
    e "C:\\new\\"
    f "x\\y"  
}`)
    assert.deepEqual(read.get(['a', 'b'])?.values, ["it's {x}"])
    assert.deepEqual(read.get(['a', 'c'])?.values, ['two\nlines'])
    assert.deepEqual(read.get(['a', 'http'])?.values, ['http://example.com/x'])
    assert.deepEqual(read.get(['a', 'd'])?.values, ['/\t"'], 'escapes, because a quote stands inside')
    assert.deepEqual(read.get(['a', 'e'])?.values, ['C:\\new\\'], 'backslashes as they are')
    assert.deepEqual(read.get(['a', 'f'])?.values, ['x\\y'])
  })

  it('reads and writes backslashes as VyOS does, as they are', () => {
    const source = 'a {\n    b "Welcome\\nto \\\\ the \\"\n    c x\\y {\n        d "\\"\n    }\n}\n'
    const read = parseConfig(source)
    assert.deepEqual(read.get(['a', 'b'])?.values, ['Welcome\\nto \\\\ the \\'])
    assert.equal(read.has(['a', 'c', 'x\\y', 'd']), true)
    assert.equal(printConfig(read), source)
  })

  it('passes over a byte order mark and carriage returns, and keeps what other programs wrote', () => {
    const read = parseConfig('\ufeffa {\r\n    b "c\\d"\r\n    e\r\n}\r\n// Release version: 1\r\n')
    assert.equal(printConfig(read), 'a {\n    b "c\\d"\n    e\n}\n')
    assert.deepEqual(parseConfig('a "b\0c"\n').get(['a'])?.values, ['b\0c'])
  })

  for (const [name, source, wanted] of [
    ['a node that is not closed', 'a {\n  b {\n  }\n', /^1:1 The "\{" that opens this node/],
    ['a brace that closes nothing', 'a {\n}\n}\n', /^3:1 A "\}" closes nothing/],
    ['an open quote', 'a {\n  b "x\n}\n', /^2:5 A quoted value has no closing quote/],
    ['an open comment', 'a {\n  /* x\n}\n', /^2:3 A comment has no closing/],
    ['a comment before nothing', 'a {\n  /* x */\n}\n', /^3:1 A comment must be followed by a node/],
    ['a comment at the end', '/* x */\n', /^2:1 A comment must be followed by a node/],
    ['two values', 'a b c\n', /^1:5 A value must be followed by the end of the line/],
    ['two statements on a line', 'a { b }\n', /^1:7 A value is expected here/],
    ['a quoted name', '"a" {\n}\n', /^1:1 A node name must not be quoted/],
    ['an unknown escape', 'a "b\\q" {\n}\n', /^1:5 A backslash in a quoted value/],
    ['a tag value twice', 'a b {\n}\na b {\n}\n', /^3:1 "a b" stands twice/],
    ['a node with and without tag', 'a b {\n}\na {\n}\n', /^3:1 "a" stands both with and without/],
    ['a node that is a value too', 'a b\na {\n}\n', /^2:1 "a" is both a node and a value/],
    ['a value that is a node too', 'a {\n b\n}\na c\n', /^4:1 "a" is both a node and a value/],
    ['too deep a nesting', 'a {\n'.repeat(200), /^129:1 Nodes are nested deeper than 128 levels/],
  ] as const) {
    it(`refuses ${name}, with line and column`, () => {
      assert.match(refusal(source), wanted)
    })
  }

  it('gives back any tree that was printed', () => {
    fc.assert(
      fc.property(tree, (made) => {
        const printed = printConfig(made)
        assert.ok(parseConfig(printed).equals(made), printed)
      }),
      { numRuns: 300 },
    )
  })

  it('never throws anything but its own refusal, whatever it reads', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '\0',
        '\ufeff',
        '\r\n',
        'x'.repeat(5000),
        '{\n'.repeat(200),
        '{',
        '}',
        '"',
        "'",
        '\n',
        ' ',
        '\\',
        '/*',
        '*/',
        '//',
        'a',
        '// vyos-config-version: "x@1"',
      ),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        try {
          parseConfig(pieces.join(''))
        } catch (error) {
          assert.ok(error instanceof ClawgressError, String(error))
          assert.ok((error.problems[0]?.line ?? 0) > 0 && (error.problems[0]?.column ?? 0) > 0)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('reads and writes 100 000 lines in little more than ten times the time of 10 000', () => {
    const cost = (rules: number): number => {
      const blocks = Array.from(
        { length: rules },
        (_, i) => `rule ${i} {\n action "accept"\n description "number ${i}"\n}`,
      )
      const source = `firewall {\n${blocks.join('\n')}\n}\n`
      return cpuTimeOf(() => assert.ok(printConfig(parseConfig(source)).includes(`rule ${rules - 1} {`)))
    }
    const [few, many] = [cost(2500), cost(25_000)]
    assert.ok(many < 40 * few, `${few} and ${many} µs`)
  })

  it('is as fast where one node is written in thousands of blocks', () => {
    const cost = (blocks: number): number => {
      const source = Array.from({ length: blocks }, (_, i) => `firewall {\n r${i}\n}\n`).join('')
      return cpuTimeOf(() => assert.equal(parseConfig(source).get(['firewall'])?.children.size, blocks))
    }
    const [few, many] = [cost(3000), cost(30_000)]
    assert.ok(many < 40 * few, `${few} and ${many} µs`)
  })
})
