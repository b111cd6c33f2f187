import assert from 'node:assert/strict'
import fc from 'fast-check'
import { ClawgressError } from '../../../src/base/errors.ts'
import { parsePolicy } from '../../../src/policy/index.ts'
import { locate } from '../../../src/policy/json/locate.ts'
import { invalidUtf8At, placeOf } from '../../../src/policy/json/place.ts'
import { JsonReader } from '../../../src/policy/json/reader.ts'

const read = (text: string | Buffer): unknown => {
  const reader = new JsonReader(Buffer.from(text), { maxDepth: 1000 })
  const value = reader.value()
  reader.end()
  return value
}

const attempt = (run: () => unknown): { value: unknown } | { error: unknown } => {
  try {
    return { value: run() }
  } catch (error) {
    return { error }
  }
}

/** JSON as a person or a program might space it. */
const spaced = fc.tuple(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(undefined, 1, '\t', '\r\n '))

describe('the JSON reader', () => {
  it('reads any JSON value as JSON.parse does', () => {
    fc.assert(
      fc.property(spaced, ([value, indent]) => {
        const text = JSON.stringify(value, undefined, indent as string | number)
        assert.deepEqual(read(text), JSON.parse(text))
      }),
      { numRuns: 500 },
    )
  })

  it('accepts and refuses the same texts as JSON.parse, however they are broken', () => {
    const broken = fc.tuple(fc.json(), fc.nat(), fc.nat(3), fc.string({ unit: 'grapheme', maxLength: 3 }))
    fc.assert(
      fc.property(broken, ([text, at, cut, put]) => {
        const start = at % (text.length + 1)
        const changed = wellFormed(text.slice(0, start) + put + text.slice(start + cut))
        const expected = attempt(() => JSON.parse(changed) as unknown)
        const found = attempt(() => read(changed))
        if (hasDuplicateKey(changed)) return
        if ('value' in expected) assert.deepEqual(found, expected)
        else assert.ok('error' in found && found.error instanceof ClawgressError, `accepted ${changed}`)
      }),
      { numRuns: 1000 },
    )
  })

  it('agrees with JSON.parse about each of the awkward texts', () => {
    const texts = [
      '-',
      '01',
      '1.',
      '.5',
      '1e',
      '1e5',
      '-0',
      '1E+2',
      '+1',
      '0x1',
      'NaN',
      'tru',
      'nul',
      '"\\u12"',
      '"\\x"',
      '"\t"',
    ]
    const more = [
      '"\\ud83d\\ude00"',
      '"\\ud800"',
      '[1,]',
      '[,1]',
      '{"a":1,}',
      '{,}',
      '{"a"}',
      '{"a":}',
      '[1 2]',
      '"',
      '[',
      '{',
      '',
      ' ',
      '1 1',
    ]
    for (const text of [
      ...texts,
      ...more,
      '{"__proto__":{"a":1}}',
      '{"constructor":1,"toString":2}',
      '1e999',
      '"\u2028"',
    ]) {
      const expected = attempt(() => JSON.parse(text) as unknown)
      const found = attempt(() => read(text))
      assert.equal('value' in found, 'value' in expected, text)
      if ('value' in expected) assert.deepEqual(found, expected)
    }
  })

  it('points at the line and character where JSON ends being JSON', () => {
    const problem = (text: string) => {
      const found = attempt(() => read(text))
      assert.ok('error' in found && found.error instanceof ClawgressError)
      const { line, column } = found.error.problems[0]!
      return [line, column]
    }
    assert.deepEqual(problem('{\n  "ü": tru\n}'), [2, 8])
    assert.deepEqual(problem('["😀", x]'), [1, 7])
    assert.deepEqual(problem('\n\n'), [3, 1])
  })

  it('finds the place of every value of a document', () => {
    fc.assert(
      fc.property(spaced, ([value, indent]) => {
        const bytes = Buffer.from(JSON.stringify(value, undefined, indent as string | number))
        const paths = pathsOf(JSON.parse(bytes.toString()))
        locate(bytes, paths).forEach((place, i) => {
          const reader = new JsonReader(bytes, { maxDepth: 1000 })
          reader.at = place!.value
          assert.deepEqual(reader.value(), valueAt(JSON.parse(bytes.toString()), paths[i]!))
          if (typeof paths[i]!.at(-1) !== 'string') return
          reader.at = place!.key
          assert.equal(reader.string(), paths[i]!.at(-1))
        })
      }),
      { numRuns: 300 },
    )
  })
})

describe('places in a file', () => {
  it('count characters, not octets, and lines by line feeds', () => {
    const bytes = Buffer.from('ab\nü😀x\r\ny')
    assert.deepEqual(placeOf(bytes, bytes.indexOf('x')), { line: 2, column: 3 })
    assert.deepEqual(placeOf(bytes, bytes.length - 1), { line: 3, column: 1 })
  })

  it('of the first octet that is not UTF-8 are found as the platform sees it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), fc.string({ unit: 'binary', maxLength: 4 }), (noise, text) => {
        const bytes = Buffer.concat([Buffer.from(text), noise])
        const at = invalidUtf8At(bytes)
        const decode = (end: number) =>
          new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(0, end))
        decode(at)
        if (at < bytes.length) assert.throws(() => decode(Math.min(at + 4, bytes.length)))
      }),
      { numRuns: 1000 },
    )
  })
})

describe('the policy parser', () => {
  it('refuses whatever octets it gets with a ClawgressError, never with anything else', () => {
    const start = Buffer.from('{"version":1,"allow":{"domains":["a.example.com"],"ips":["192.0.2.0/24"]},"labels":{}}')
    const mutation = fc.record({ at: fc.nat(start.length), cut: fc.nat(8), put: fc.uint8Array({ maxLength: 6 }) })
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
        let bytes: Buffer = start
        for (const { at, cut, put } of mutations)
          bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)])
        const result = attempt(() => parsePolicy(bytes))
        if ('error' in result) assert.ok(result.error instanceof ClawgressError, String(result.error))
      }),
      { numRuns: 2000 },
    )
  })

  it('refuses any JSON value in any place with a ClawgressError', () => {
    const value = fc.jsonValue({ maxDepth: 3 })
    const field = (...names: string[]) =>
      fc.dictionary(fc.constantFrom(...names, 'other', '__proto__'), value, { maxKeys: 4 })
    const list = fc.oneof(field('domains', 'ips', 'ports'), value)
    const document = fc.record({
      version: fc.constantFrom<unknown>(1, 2),
      allow: list,
      deny: list,
      labels: value,
      extra: value,
    })
    fc.assert(
      fc.property(document, (object) => {
        const result = attempt(() => parsePolicy(Buffer.from(JSON.stringify(object))))
        if ('error' in result) assert.ok(result.error instanceof ClawgressError, String(result.error))
      }),
      { numRuns: 1000 },
    )
  })
})

/** Half a surrogate pair cannot stand in UTF-8. */
const wellFormed = (text: string): string => Buffer.from(text).toString()

type Path = (string | number)[]

function pathsOf(value: unknown): Path[] {
  if (typeof value !== 'object' || value === null) return [[]]
  const members = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
  return [[], ...members.flatMap(([step, child]) => pathsOf(child).map((path) => [step, ...path]))]
}

const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce((parent, step) => (parent as Record<string, unknown>)[step as string], value)

/** JSON.parse takes the last of two equal keys, the reader the first: such texts prove nothing. */
function hasDuplicateKey(text: string): boolean {
  let duplicates = 0
  const reader = new JsonReader(Buffer.from(text), { maxDepth: 1000, duplicateKey: () => duplicates++ })
  attempt(() => reader.value())
  return duplicates > 0
}
