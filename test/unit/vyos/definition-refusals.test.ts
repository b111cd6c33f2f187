import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClawgressError, formatProblem, type Problem } from '../../../src/base/errors.ts'
import { buildCommandTemplates, buildOpTemplates, checkDefinitions } from '../../../src/vyos/index.ts'
import { COMMANDS, constraint, leaf, REFUSED_BY_US, REFUSED_BY_VYOS, SENTENCE, tag } from './definition-faults.ts'

const file = (xml: string): string => `<interfaceDefinition>
<node name="service"><properties><help>Services</help></properties><children>
${xml}
</children></node>
</interfaceDefinition>
`

let folder: string

function written(xml: string, name = 'a.xml.in'): string {
  writeFileSync(join(folder, name), xml)
  return join(folder, name)
}

function refusal(action: () => unknown): readonly Problem[] {
  try {
    action()
  } catch (error) {
    assert.ok(error instanceof ClawgressError, String(error))
    return error.problems
  }
  assert.fail('it was accepted')
}

function assertOneIs(problems: readonly Problem[], path: string, wanted: RegExp): void {
  const texts = problems.map(formatProblem).join('\n')
  const found = problems.find((problem) => wanted.test(problem.message))
  assert.ok(found, texts)
  assert.equal(found.code, 'definition.invalid')
  assert.deepEqual(
    { file: found.file, line: found.line, path: found.path },
    { file: join(folder, 'a.xml.in'), line: 3, path },
  )
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clawgress-definitions-'))
  mkdirSync(join(folder, 'include'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('the builder of templates', () => {
  for (const [name, xml, path, wanted] of REFUSED_BY_VYOS) {
    it(`refuses ${name}, as VyOS does`, () => {
      const input = written(file(xml))
      assertOneIs(
        refusal(() => buildCommandTemplates([input])),
        path,
        wanted,
      )
    })
  }

  for (const [name, xml] of REFUSED_BY_US) {
    it(`builds definitions of others with ${name}`, () => {
      assert.ok(buildCommandTemplates([written(file(xml))]).size >= 2)
    })
  }

  it('refuses a name that leads out of the folder it writes to, where VyOS would write', () => {
    const input = written(file(leaf('<help>X</help>').replace('"x"', '"../../x"')))
    assertOneIs(
      refusal(() => buildCommandTemplates([input])),
      'service ../../x',
      /cannot be that of a folder: choose another/,
    )
  })

  for (const [name, properties, wanted] of [
    ['a tag node without properties', '', /A tag node needs <properties>/],
    ['an empty help', '<properties><help/></properties>', /The <help> is empty: write one/],
  ] as const) {
    it(`refuses a command with ${name}, as VyOS does`, () => {
      const input = written(file(`<tagNode name="x">${properties}<command>x</command></tagNode>`))
      assertOneIs(
        refusal(() => buildOpTemplates([input])),
        'service x',
        wanted,
      )
    })
  }
})

describe('the check of our definitions', () => {
  for (const [name, xml, path, wanted] of [...REFUSED_BY_VYOS, ...REFUSED_BY_US]) {
    it(`refuses ${name}`, () => {
      assertOneIs(checkDefinitions({ config: [written(file(xml))], op: [] }), path, wanted)
    })
  }

  for (const [name, xml, path, wanted] of COMMANDS) {
    it(`refuses, in operational mode, ${name}`, () => {
      assertOneIs(checkDefinitions({ config: [], op: [written(file(xml))] }), path, wanted)
    })
  }

  it('accepts a default that another part of the file overrides', () => {
    const xml = leaf('<help>X</help>', '<defaultValue>1</defaultValue>')
    const override = '<leafNode name="x"><defaultValue>2</defaultValue></leafNode>'
    assert.deepEqual(checkDefinitions({ config: [written(file(xml + override))], op: [] }), [])
  })

  it('accepts strict tag nodes of every form', () => {
    const checks = [
      '<regex>([a-z0-9][\\w.-]{0,62})</regex>',
      '<regex>(eth\\d+|(?!x)lo)</regex>',
      '<validator name="fqdn"/>',
    ]
    for (const check of checks) {
      assert.deepEqual(checkDefinitions({ config: [written(file(tag(constraint(check))))], op: [] }), [], check)
    }
    const group = `<constraintGroup><regex>.{1,9}</regex><validator name="fqdn"/></constraintGroup>${SENTENCE}`
    assert.deepEqual(checkDefinitions({ config: [written(file(tag(group)))], op: [] }), [])
  })

  it('takes the validators of another machine', () => {
    const xml = written(file(leaf(`<help>X</help>${constraint('<validator name="own"/>')}`)))
    assert.deepEqual(checkDefinitions({ config: [xml], op: [], validators: new Set(['own']) }), [])
  })

  it('finds a leaf that two files define', () => {
    const files = ['a.xml.in', 'b.xml.in'].map((name) => written(file(leaf('<help>X</help>')), name))
    const [problem] = checkDefinitions({ config: files, op: [] })
    assert.equal(problem?.file, files[1])
    assert.match(problem?.message ?? '', /a\.xml\.in:3 already/)
  })

  it('names the file and line inside an include', () => {
    written('<!-- x -->\n<leafNode name="Bad">\n<properties><help>X</help></properties></leafNode>', 'include/x.xml.i')
    const [problem] = checkDefinitions({ config: [written(file('#include <include/x.xml.i>'))], op: [] })
    assert.deepEqual([problem?.file, problem?.line], [join(folder, 'include/x.xml.i'), 2])
  })

  it('tells every fault at once', () => {
    const xml = file(`${leaf('').replace('"x"', '"A"')}\n${leaf('<help>$x</help>')}`)
    assert.deepEqual(
      checkDefinitions({ config: [written(xml)], op: [] }).map(({ line, path }) => [line, path]),
      [
        [3, 'service A'],
        [3, 'service A'],
        [4, 'service x'],
      ],
    )
  })
})
