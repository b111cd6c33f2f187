import { strict as assert } from 'node:assert'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClawgressError } from '../../../src/base/errors.ts'
import {
  type Definition,
  loadDefinitions,
  loadOpDefinitions,
  loadVersions,
  type OpDefinition,
  ownerName,
  satisfies,
} from '../../../src/vyos/index.ts'

/** Every definition with its path. */
function* all(children: ReadonlyMap<string, Definition>, path: string[] = []): Generator<[string, Definition]> {
  for (const [name, definition] of children) {
    yield [[...path, name].join(' '), definition]
    yield* all(definition.children, [...path, name])
  }
}

function* allOp(nodes: readonly OpDefinition[], path: string[] = []): Generator<[string, OpDefinition]> {
  for (const node of nodes) {
    yield [[...path, node.name].join(' '), node]
    yield* allOp(node.children, [...path, node.name])
  }
}

describe('the shipped definitions', () => {
  const definitions = loadDefinitions()
  const at = (path: string): Definition => {
    const lookup = definitions.locate(path.split(' '))
    assert.ok(lookup.ok, path)
    return lookup.located.definition!
  }

  it('have one owner, called late, and a component version', () => {
    const owners = [...all(definitions.roots)].filter(([, { owner }]) => owner !== undefined)
    assert.deepEqual(
      owners.map(([path, { owner, priority }]) => [path, owner, priority]),
      [['service clawgress', `\${vyos_conf_scripts_dir}/service_clawgress.py`, 990]],
    )
    assert.equal(ownerName(owners[0]![1].owner!), 'service_clawgress')
    assert.deepEqual([...definitions.versions], [['clawgress', 1]])
    assert.deepEqual(loadVersions(), definitions.versions, 'alone as with the nodes')
  })

  it('follow the conventions of VyOS for help texts and constraints', () => {
    for (const [path, definition] of all(definitions.roots)) {
      if (path === 'service') continue
      assert.match(definition.help, /^[A-Z].*[^.]$/, path)
      assert.ok(definition.help.length <= 64, `${path}: ${definition.help}`)
      if (definition.kind === 'node' || definition.valueless) continue
      assert.ok(definition.constraint.length > 0, `${path} accepts anything`)
      assert.notEqual(definition.constraintErrorMessage, 'Invalid value', path)
      for (const check of definition.constraint) {
        if (check.type === 'regex') assert.match(check.pattern, /^\(.*\)$/, `${path}: VyOS needs the parentheses`)
      }
      const offered = definition.completion.list
      for (const value of offered) assert.ok(satisfies(definition, value), `${path} offers ${value} and refuses it`)
      const isFreeText = /^(description|reason|label|tag|contact)$/.test(definition.name) && definition.kind === 'leaf'
      // the session itself takes no quotes, and such a text reaches no command line
      const odd = isFreeText ? [] : [' ', 'a b', "'", '"', '$(id)', '`id`', '-x', '../x', 'é'.repeat(9)]
      for (const hostile of ['', 'x\n', ...odd]) {
        assert.equal(satisfies(definition, hostile), false, `${path} accepts ${JSON.stringify(hostile)}`)
      }
    }
  })

  it('have the documented defaults', () => {
    const defaults = [...all(definitions.roots)].flatMap(([path, { defaultValue }]) =>
      defaultValue === undefined ? [] : [[path.replace('service clawgress ', ''), defaultValue]],
    )
    assert.deepEqual(Object.fromEntries(defaults), {
      'alert learning-period': '24',
      'alert rule interval': '300',
      'alert webhook format': 'webhook',
      'api port': '8443',
      'api key id role': 'viewer',
      'dns name-server port': '53',
      'dns deny-answer': 'nxdomain',
      'dns cache-size': '64',
      'dns max-ttl': '3600',
      'dns pin-slack': '300',
      'firewall deny-action': 'reject',
      'firewall mark-mask': '0xfff00000',
      'logging allow': 'on',
      'logging deny': 'on',
      'logging syslog facility': 'local6',
      'why-page name': 'clawgress.internal',
    })
  })

  for (const [path, good, bad] of [
    [
      'policy-file',
      ['/config/policy.json', '/config/a/b_c-1.json'],
      ['policy.json', '/config/../etc/x', '/', '/a//b', '/a/.b', '/a/'],
    ],
    [
      'client interface',
      ['eth0', 'eth1.100', 'br-lan', 'a12345678901234'],
      ['eth0;x', 'a123456789012345', '.', '/x', '@x'],
    ],
    [
      'client network',
      ['10.0.0.0/8', '2001:db8::/32', '192.0.2.1/32'],
      ['10.0.0.1/8', '10.0.0.0', '10.0.0.0/33', 'fe80::1%eth0/64', '::/129'],
    ],
    ['listen-address', ['192.0.2.1', '::1', 'fe80::1'], ['192.0.2.1/24', '192.0.2', '1.2.3.256', '::g']],
    ['dns name-server', ['192.0.2.1', '2001:db8::1'], ['one.one.one.one', '1.1', '']],
    ['dns name-server 192.0.2.1 port', ['1', '53', '65535'], ['0', '65536', '053', '-1', '1e3']],
    ['dns name-server 192.0.2.1 tls-hostname', ['dns.example.com', 'a-b.c'], ['a', '-a.b', 'a..b', 'a_b.c', '*.a.b']],
    ['dns deny-answer', ['nxdomain', 'nodata'], ['nxdomainX', 'xnodata', 'NODATA']],
    ['dns pin-slack', ['60', '300', '86400'], ['59', '0', '86401']],
    ['firewall mark-mask', ['0xfff00000', '0x000000FF'], ['0xfff', 'fff00000', '0xfff000000']],
    [
      'alert webhook pager url',
      ['http://[fd77::1]:9093/api/v2/alerts', 'https://alerts.example.net/hook?x=1&y=%20', 'http://10.0.0.1'],
      [
        'ftp://a/',
        'https://user:pw@a.example/',
        'https://a.example/a b',
        'https://a.example/#x',
        'https:///x',
        'a.example',
      ],
    ],
    [
      'alert webhook pager secret',
      ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', `whsec_${'A'.repeat(86)}==`],
      ['MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_short', `whsec_${'A'.repeat(87)}==`],
    ],
    [
      'api key id ci expires',
      ['2027-01-31', '2027-01-31T18:00Z', '2027-01-31T18:00:59Z'],
      ['2027-1-31', '2027-01-31T18:00', '2027-01-31 18:00Z', '31.01.2027', '2027-01-31T18:00+01:00', 'never'],
    ],
    ['alert rule many interval', ['10', '86400'], ['9', '86401', '5m']],
    ['alert silence', ['service.down', 'policy-file.changed'], ['serviceXdown', 'table.lost', 'service.down ']],
    ['logging syslog facility', ['user', 'local0', 'local7'], ['local8', 'userx', 'kern']],
  ] as const) {
    it(`tell good from bad for ${path}`, () => {
      const definition = at(`service clawgress ${path}`)
      for (const value of good) assert.ok(satisfies(definition, value), value)
      for (const value of bad) assert.equal(satisfies(definition, value), false, value)
    })
  }

  it('name every command of operational mode that the design lists, each with quoted words only', () => {
    const commands = [...allOp(loadOpDefinitions())].flatMap(([path, { command }]) =>
      command === undefined ? [] : [[path, command] as const],
    )
    const paths = commands.map(([path]) => path)
    const designed = [
      'reset clawgress pins',
      'restart clawgress',
      'show clawgress denies',
      'show clawgress denies client',
      'show clawgress denies client last',
      'show clawgress denies last',
      'show clawgress pins',
      'show clawgress pins domain',
      'show clawgress policy',
      'show clawgress policy effective',
      'show clawgress policy file',
      'show clawgress status',
      'show clawgress test domain',
      'show clawgress test domain client',
      'show clawgress test domain client port',
      'show clawgress test domain port',
      'show clawgress versions',
    ]
    assert.deepEqual(
      designed.filter((path) => !paths.includes(path)),
      [],
    )
    for (const [path, command] of commands) {
      assert.match(command, /^sudo clawgress op /, path)
      assert.equal(command.replaceAll(/"\$[1-9]"/g, '').includes('$'), false, `${path} uses a word unquoted`)
    }
    for (const [path, { help }] of allOp(loadOpDefinitions())) {
      if (path.includes(' ')) assert.match(help, /^[A-Z].*[^.]$/, path)
    }
  })

  it('accept node names that are shortened while they stay unambiguous', () => {
    const lookup = definitions.locate('serv clawg dns name 1.1.1.1 po 53'.split(' '))
    assert.ok(lookup.ok)
    assert.equal(lookup.located.words.join(' '), 'service clawgress dns name-server 1.1.1.1 port 53')
    assert.deepEqual(lookup.located.roles, ['node', 'node', 'node', 'tag', 'tagValue', 'leaf', 'value'])
    const ambiguous = definitions.locate(['service', 'clawgress', 'd'])
    assert.ok(!ambiguous.ok)
    assert.deepEqual(
      ambiguous.candidates.map(({ name }) => name),
      ['disable', 'dns'],
    )
  })
})

describe('the reader of definitions', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'clawgress-definitions-'))
    mkdirSync(join(folder, 'include'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const load = (files: Record<string, string>) => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    return loadDefinitions(folder)
  }
  const inside = (xml: string) => `<interfaceDefinition>\n${xml}\n</interfaceDefinition>`
  const leaf = (body: string, properties = '<help>X</help>') =>
    inside(
      `<node name="service"><children><leafNode name="x"><properties>${properties}</properties>${body}</leafNode></children></node>`,
    )

  it('puts several files, includes and overridden defaults together', () => {
    const definitions = load({
      'a.xml.in': inside(`<node name="service"><children>
        #include <include/port.xml.i>
        <leafNode name="port"><defaultValue>99</defaultValue></leafNode>
      </children></node>`),
      'b.xml.in': inside(
        '<node name="service"><children><leafNode name="y"><properties><valueless/></properties></leafNode></children></node>',
      ),
      'include/port.xml.i':
        '<leafNode name="port"><properties><constraint><validator name="numeric"/></constraint></properties><defaultValue>1</defaultValue></leafNode>',
    })
    const service = definitions.roots.get('service')!
    assert.deepEqual([...service.children.keys()], ['port', 'y'])
    assert.equal(service.children.get('port')!.defaultValue, '99')
  })

  for (const [name, xml, wanted] of [
    ['a leaf at the root', inside('<leafNode name="x"><properties/></leafNode>'), /cannot hold <leafNode>/],
    [
      'a bad name',
      inside('<node name="X y"><children><leafNode name="y"><properties/></leafNode></children></node>'),
      /a node name is made of/,
    ],
    ['a broken regex', leaf('', '<constraint><regex>(a</regex></constraint>'), /regular expression \(a is not one/],
    [
      'a validator that the session cannot judge',
      leaf('', '<constraint><validator name="nosuch"/></constraint>'),
      /a\.xml\.in:2 service x: The validator "nosuch" is not known here/,
    ],
    ['a priority that is no number', leaf('', '<priority>soon</priority>'), /must be a number/],
    [
      'a leaf defined twice',
      inside(
        `<node name="service"><children>${'<leafNode name="x"><properties/></leafNode>'.repeat(2)}</children></node>`,
      ),
      /defined twice/,
    ],
  ] as const) {
    it(`refuses ${name}`, () => {
      assert.throws(
        () => load({ 'a.xml.in': xml }),
        (error: unknown) => {
          assert.ok(error instanceof ClawgressError, String(error))
          assert.equal(error.problems[0]!.code, 'definition.invalid')
          assert.match(error.message, wanted)
          return true
        },
      )
    })
  }
})
