import assert from 'node:assert/strict'
import fc from 'fast-check'
import { KIND, KINDS, NameTableBuilder, normaliseName, parsePolicy } from '../../../src/policy/index.ts'
import { hashName } from '../../../src/policy/names/hash.ts'
import { scanPlainName } from '../../../src/policy/names/scan.ts'

/** Texts near the edge of what a name is. */
const label = fc.oneof(
  fc.constantFrom(
    '',
    'a',
    'A',
    '-',
    '_',
    '0',
    '9z',
    'xn--p1ai',
    'a'.repeat(63),
    'b'.repeat(64),
    'ü',
    '*',
    'a b',
    'rpz-ip',
    'rpz',
  ),
  fc.string({ unit: fc.constantFrom(...'abzAZ019-_'), maxLength: 8 }),
)
const nameLike = fc
  .tuple(fc.array(label, { minLength: 1, maxLength: 6 }), fc.constantFrom('', '.', '..'))
  .map(([labels, end]) => labels.join('.') + end)

describe('the fast way for names', () => {
  it('takes nothing that the careful way would refuse or bring into another form', () => {
    let taken = 0
    fc.assert(
      fc.property(nameLike, (text) => {
        const bytes = Buffer.from(JSON.stringify(text))
        const builder = new NameTableBuilder()
        const next = scanPlainName(bytes, 1, builder, KIND.allow, 0)
        if (next < 0) {
          assert.equal(builder.count, 0)
          return
        }
        taken++
        assert.equal(next, bytes.length)
        assert.deepEqual({ name: builder.finish().name(0), wildcard: false }, normaliseName(text))
      }),
      { numRuns: 3000 },
    )
    assert.ok(taken > 100)
  })

  it('gives the same policy as entries written as objects, which it never takes', () => {
    const names = fc.uniqueArray(nameLike, { maxLength: 12 })
    fc.assert(
      fc.property(names, (list) => {
        const valid = list.filter((text) => typeof normaliseName(text) !== 'string')
        const parse = (domains: unknown[]) =>
          parsePolicy(Buffer.from(JSON.stringify({ version: 1, allow: { domains } }))).policy.parts[0]!
        const entries = (part: ReturnType<typeof parse>) =>
          Array.from({ length: part.names.size }, (_, i) => part.names.text(i))
        const permitted = valid.map((name) => ({ name, public_suffix: true }))
        const plain = valid.filter((text) => !text.startsWith('*'))
        assert.deepEqual(
          entries(parse(plain)),
          entries(parse(permitted)).filter((text) => !text.startsWith('*')),
        )
      }),
      { numRuns: 300 },
    )
  })
})

describe('normalised names', () => {
  it('are their own normal form', () => {
    fc.assert(
      fc.property(fc.oneof(nameLike, fc.domain(), fc.string({ unit: 'grapheme' })), (text) => {
        const normal = normaliseName(text)
        if (typeof normal === 'string') return
        assert.match(normal.name, /^[a-z0-9_][a-z0-9_.-]*$/)
        assert.ok(normal.name.length + (normal.wildcard ? 2 : 0) <= 253)
        assert.deepEqual(normaliseName(normal.wildcard ? `*.${normal.name}` : normal.name), normal)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('the name table', () => {
  const entry = fc.tuple(fc.constantFrom('a', 'b', 'a.b', 'b.a', 'aa.b', 'com', 'x.com'), fc.nat(KINDS - 1))
  it('finds what was put in, by name and kind, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 60 }), (entries) => {
        const builder = new NameTableBuilder(8, 1)
        entries.forEach(([name, kind], position) => {
          builder.add(name, kind as 0, position, position)
        })
        const firsts = new Map<string, number>()
        entries.forEach(([name, kind], position) => {
          if (!firsts.has(`${name} ${kind}`)) firsts.set(`${name} ${kind}`, position)
        })
        const repeated: number[] = []
        const table = builder.finish(({ entry: one }) => repeated.push(one))
        assert.equal(repeated.length, entries.length - firsts.size)
        assert.equal(table.size, firsts.size)
        assert.equal(
          table.counts.reduce((sum, count) => sum + count, 0),
          firsts.size,
        )
        const found = new Int32Array(KINDS)
        for (const name of ['a', 'b', 'a.b', 'b.a', 'aa.b', 'com', 'x.com', 'c', '']) {
          const bytes = Buffer.from(name)
          const kinds = table.find(bytes, 0, bytes.length, hashName(bytes, 0, bytes.length), found)
          for (let kind = 0; kind < KINDS; kind++) {
            const position = firsts.get(`${name} ${kind}`)
            assert.equal((kinds & (1 << kind)) !== 0, position !== undefined)
            if (position === undefined) continue
            assert.equal(table.positions[found[kind]!], position)
            assert.equal(table.attributes[found[kind]!], position)
            assert.equal(table.text(found[kind]!), `${kind % 2 === 1 ? '*.' : ''}${name}`)
          }
        }
      }),
      { numRuns: 300 },
    )
  })

  it('keeps a hundred thousand names apart', () => {
    const builder = new NameTableBuilder()
    for (let i = 0; i < 100_000; i++) builder.add(`n${i}.example.com`, KIND.allow, 0, i)
    const table = builder.finish(() => assert.fail('two different names were taken for one'))
    for (let i = 0; i < 100_000; i += 7) {
      const bytes = Buffer.from(`n${i}.example.com`)
      assert.ok(table.has(bytes, 0, bytes.length, KIND.allow))
      assert.ok(!table.has(bytes, 1, bytes.length, KIND.allow))
      assert.ok(!table.has(bytes, 0, bytes.length, KIND.allowBelow))
    }
  })
})
