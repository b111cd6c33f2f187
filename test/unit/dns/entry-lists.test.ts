import assert from 'node:assert/strict'
import fc from 'fast-check'
import { compareLines } from '../../../src/dns/zones/compare.ts'
import { collectLines, entriesOf, linesOf } from '../../../src/dns/zones/entry-lines.ts'
import { passLongNames, withoutLongNames } from '../../../src/dns/zones/long-names.ts'
import { reduceEntries } from '../../../src/dns/zones/reduce.ts'

const entry = fc
  .tuple(fc.boolean(), fc.array(fc.constantFrom('a', 'b', 'cc'), { minLength: 1, maxLength: 4 }))
  .map(([wild, labels]) => (wild ? '*.' : '') + labels.join('.'))
const list = fc.array(entry, { maxLength: 30 })

describe('lists of entries', () => {
  it('are compared as sets, whatever is doubled, moved or shared at the ends', () => {
    fc.assert(
      fc.property(list, list, list, list, (head, before, after, tail) => {
        const old = [...head, ...before, ...tail]
        const fresh = [...head, ...after, ...tail]
        const { added, removed } = compareLines(linesOf(old), linesOf(fresh))
        assert.deepEqual(
          [...new Set(entriesOf(removed))].sort(),
          [...new Set(old)].filter((name) => !fresh.includes(name)).sort(),
        )
        for (const name of fresh) if (!old.includes(name)) assert.ok(entriesOf(added).includes(name), name)
        for (const name of entriesOf(added)) assert.ok(fresh.includes(name), name)
        assert.equal(added.count, entriesOf(added).length)
      }),
      { numRuns: 500 },
    )
  })

  it('are compared right across the blocks in which equal parts are skipped', () => {
    const names = Array.from({ length: 20_000 }, (_, i) => `name-number-${i}.example.test`)
    for (const at of [0, 1, 2_341, 9_999, 19_998, 19_999]) {
      const less = names.filter((_, i) => i !== at)
      assert.deepEqual(entriesOf(compareLines(linesOf(names), linesOf(less)).removed), [names[at]])
      assert.deepEqual(entriesOf(compareLines(linesOf(less), linesOf(names)).added), [names[at]])
    }
    const reversed = compareLines(linesOf(names), linesOf([...names].reverse()))
    assert.deepEqual([reversed.added.count, reversed.removed.count], [0, 0])
  })

  it('hold, reduced, exactly the entries that no other’s wildcard covers', () => {
    fc.assert(
      fc.property(list, (entries) => {
        const covered = (name: string) =>
          entries.some(
            (other) => other.startsWith('*.') && other !== name && name.replace(/^\*\./, '').endsWith(other.slice(1)),
          )
        assert.deepEqual(
          entriesOf(reduceEntries(linesOf(entries)).lines),
          entries.filter((name) => !covered(name)),
        )
      }),
      { numRuns: 500 },
    )
  })

  it('are the same whether they come as strings or as octets', () => {
    const names = ['a.test', '*.b.test', ...Array.from({ length: 5_000 }, (_, i) => `some-long-name-${i}.test`)]
    const octets = collectLines((visit) => {
      for (const name of names) {
        const bytes = Buffer.from(`..${name}`)
        const start = name.startsWith('*.') ? 4 : 2
        visit(bytes, start, bytes.length, start === 4)
      }
    })
    assert.deepEqual(entriesOf(octets), names)
    assert.deepEqual([octets.count, octets.wildcards, octets.longest], [5_002, 1, 'some-long-name-4999.test'.length])
  })

  it('list in place of a name that does not fit what named will look for', () => {
    const long = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`
    const parent = long.slice(64)
    assert.deepEqual(entriesOf(passLongNames(linesOf(['x.test', long]))), ['x.test', parent, `*.${parent}`])
    assert.deepEqual(entriesOf(passLongNames(linesOf([`*.${parent}`]))), [`*.${parent}`, parent])
    assert.deepEqual(entriesOf(withoutLongNames(linesOf(['x.test', long]))), ['x.test'])
  })
})
