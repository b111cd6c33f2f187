import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { ClawgressError } from '../../../src/base/errors.ts'
import { readXml } from '../../../src/vyos/definition-xml/xml-reader.ts'
import { buildCommandTemplates, buildOpTemplates, transclude } from '../../../src/vyos/index.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clawgress-xml-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Writes files below the folder; gives the path of the first. */
function written(files: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return join(folder, Object.keys(files)[0]!)
}

const inside = (xml: string): string => `<interfaceDefinition>\n${xml}\n</interfaceDefinition>\n`

describe('the reader of definition files', () => {
  for (const [name, xml, line, wanted] of [
    [
      'a tag that is closed by another',
      '<interfaceDefinition>\n<node>\n</interfaceDefinition>',
      3,
      /Expected closing tag/,
    ],
    ['an empty file', '', 1, /Start tag expected/],
    ['a file that ends inside a tag', '<interfaceDefinition/', 1, /ends inside a tag/],
    ['an unknown entity', inside('<node name="&nbsp;"/>'), 2, /&nbsp; is unknown/],
    ['a bare ampersand', inside('<node>a & b</node>'), 2, /not well-formed/],
    ['a number that is no character', inside('<node>&#xd800;</node>'), 2, /&#xd800; is unknown/],
    ['a bracket in an attribute', inside('<node name="a<b"/>'), 2, /holds <; write &lt;/],
    ['a comment with two dashes', inside('<!-- a -- b -->'), 2, /a comment holds "--"/],
    ['the end of a CDATA section without its start', inside('<node>]]></node>'), 2, /write \]\]&gt;/],
    ['a bad entity far down in a text', inside('<node>\na\nb\n&c;</node>'), 5, /&c; is unknown/],
    ['a control character', inside('<node>\u0001</node>'), 2, /control character/],
    ['an attribute given twice', inside('<node name="a" name="b"/>'), 2, /repeated/],
    ['two roots', '<interfaceDefinition/>\n<interfaceDefinition/>', 1, /root element must be/],
    ['another root', '<definition/>', 1, /root element must be <interfaceDefinition>/],
    ['a document type', '<!DOCTYPE a [<!ENTITY b "c">]>\n<interfaceDefinition/>', 1, /document type/],
    ['an include after a tab', inside('\n\t#include <include/x.xml.i>'), 3, /must stand alone on its line/],
    ['an include with text after it', inside('#include <include/x.xml.i> x'), 2, /must stand alone on its line/],
    ['a missing include', inside('#include <include/none.xml.i>'), 2, /none\.xml\.i cannot be read/],
    ['an include pattern that nothing matches', inside('#include <include/*.xml.i>'), 2, /No file matches the include/],
  ] as const) {
    it(`refuses ${name}, with the line`, () => {
      const file = written({ 'a.xml.in': xml })
      assert.throws(
        () => readXml(file),
        (error: unknown) => {
          assert.ok(error instanceof ClawgressError, String(error))
          const [problem] = error.problems
          assert.match(problem!.message, wanted)
          assert.deepEqual([problem!.code, problem!.file, problem!.line ?? 1], ['definition.invalid', file, line])
          return true
        },
      )
    })
  }

  it('refuses includes that go round in a circle', () => {
    const file = written({
      'a.xml.in': inside('#include <include/a.xml.i>'),
      'include/a.xml.i': '#include <include/b.xml.i>\n',
      'include/b.xml.i': '#include <include/a.xml.i>\n',
    })
    assert.throws(() => transclude(file), /b\.xml\.i:1: The include of include\/a\.xml\.i leads back to itself/)
  })

  it('refuses includes that multiply to more than it holds', () => {
    const layers = Array.from({ length: 10 }, (_, layer) => [
      `include/${layer}.xml.i`,
      layer === 9 ? `${'x'.repeat(1000)}\n` : `#include <include/${layer + 1}.xml.i>\n`.repeat(10),
    ])
    const file = written({ 'a.xml.in': '#include <include/0.xml.i>\n', ...Object.fromEntries(layers) })
    assert.throws(() => transclude(file), /too large/)
  })

  it('takes every file that the pattern of an include matches, by name', () => {
    const file = written({
      'a.xml.in': inside('#include <include/part/*.xml.i>'),
      'include/part/b.xml.i': '<!-- b -->\n',
      'include/part/a.xml.i': '<!-- a -->\n',
      'include/part/c.txt': '<!-- c -->\n',
    })
    assert.equal(transclude(file), `${inside('<!-- a -->\n<!-- b -->').replace('>\n\n<', '>\n<')}\n`)
  })

  it('knows the file and line of every element', () => {
    const file = written({
      'a.xml.in': inside('<!-- one\ntwo -->\n#include <include/x.xml.i>\n<node\nname="b"/>'),
      'include/x.xml.i': '<node name="a">\n<children/></node>\n',
    })
    const places = readXml(file).elements.map(({ place }) => place)
    assert.deepEqual(places, [
      { file: join(folder, 'include/x.xml.i'), line: 1 },
      { file, line: 5 },
    ])
    assert.equal(readXml(file).elements[0]!.elements[0]!.place.line, 2)
  })

  it('gives its own error for any text', () => {
    const parts = ['<', '>', '/', '!', '?', '-', '[', ']', '"', "'", '=', '&', ';', ' ', '\n', 'a', '#', 'node', '<!--']
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 30 }), (texts) => {
        const file = written({ 'a.xml.in': inside(`<node name="x">${texts.join('')}</node>`) })
        try {
          readXml(file)
        } catch (error) {
          assert.ok(error instanceof ClawgressError, String(error))
        }
      }),
      { numRuns: 200 },
    )
  })
})

describe('the definition language of 2026', () => {
  it('lets a node be documented', () => {
    const file = written({
      'a.xml.in': inside(`<node name="service"><children><leafNode name="x"><properties><help>X</help>
        <docs><headline>X</headline><text>About x</text></docs></properties></leafNode></children></node>`),
    })
    assert.equal(buildCommandTemplates([file]).get('service/x/node.def'), 'type: txt\nhelp: X\n')
  })

  it('lets a command have values without a name of their own, and a tag node run without its value', () => {
    const file = written({
      'a.xml.in': inside(`<node name="show"><children>
        <node name="database"><properties><help>Database</help></properties><command>all</command>
          <children><virtualTagNode><properties><help>One entry</help>
            <constraint><validator name="ip-address"/></constraint></properties><command>one "$3"</command>
            <children><leafNode name="brief"><properties><help>Brief</help></properties><command>brief</command></leafNode>
            </children></virtualTagNode></children></node>
        <tagNode name="port"><properties><help>One port</help></properties><command>port "$3"</command>
          <standalone><help>All ports</help><command>ports</command></standalone></tagNode>
        </children></node>`),
    })
    assert.deepEqual(Object.fromEntries(buildOpTemplates([file])), {
      'show/node.def': '',
      'show/database/node.def': 'help: Database\nrun: all\n',
      'show/database/node.tag/node.def': 'help: One entry\nrun: one "$3"\n',
      'show/database/node.tag/brief/node.def': 'help: Brief\nrun: brief\n',
      'show/port/node.def': 'help: All ports\nrun: ports\n',
      'show/port/node.tag/node.def': 'help: One port\nrun: port "$3"\n',
    })
  })
})
