import assert from 'node:assert/strict'
import fc from 'fast-check'
import { SmallMap, SmallSet } from '../../../src/pinner/book/small-collections.ts'

const key = fc.constantFrom('a', 'b', 'c')
const change = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), key, value: fc.integer() }),
  fc.record({ kind: fc.constant('delete' as const), key }),
  fc.record({ kind: fc.constant('clear' as const) }),
)

describe('small collections', () => {
  it('hold what a Map holds after the same changes, in the same order', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
        const small = new SmallMap<string, number>()
        const map = new Map<string, number>()
        for (const each of changes) {
          if (each.kind === 'set') {
            small.set(each.key, each.value)
            map.set(each.key, each.value)
          } else if (each.kind === 'delete') assert.equal(small.delete(each.key), map.delete(each.key))
          else {
            small.clear()
            map.clear()
          }
          assert.equal(small.size, map.size)
          assert.deepEqual([...small], [...map])
          assert.deepEqual([...small.keys()], [...map.keys()])
          assert.deepEqual([...small.values()], [...map.values()])
          for (const name of 'abc') assert.equal(small.get(name), map.get(name))
        }
      }),
    )
  })

  it('hold what a Set holds after the same changes, in the same order', () => {
    const members = [{}, {}, {}] as const
    const step = fc.tuple(fc.boolean(), fc.constantFrom(...members))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const small = new SmallSet<object>()
        const set = new Set<object>()
        for (const [adds, member] of steps) {
          for (const each of [small, set]) {
            if (adds) each.add(member)
            else each.delete(member)
          }
          assert.equal(small.size, set.size)
          assert.ok([...small].every((each, i) => each === [...set][i]))
        }
      }),
    )
  })

  it('let entries be deleted while they are iterated over', () => {
    for (const count of [1, 3]) {
      const small = new SmallMap<number, number>()
      for (let i = 0; i < count; i++) small.set(i, i)
      const seen: number[] = []
      for (const [each] of small) {
        seen.push(each)
        small.delete(each)
      }
      assert.equal(seen.length, count)
      assert.equal(small.size, 0)
    }
  })
})
