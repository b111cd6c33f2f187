import assert from 'node:assert/strict'
import { TYPE } from '../../../src/dns/message/index.ts'
import { followChain } from '../../../src/pinner/answering/chain.ts'
import { address, alias, dname, query, reply } from './record-fixture.ts'

const follow = (name: string, ...answers: Parameters<typeof reply>[1][number][]) =>
  followChain(reply(query(name), answers), name, TYPE.A, 16)

describe('A chain in an answer', () => {
  it('is followed from the asked name, whatever the order and the case of the records', () => {
    const chain = follow(
      'A.test',
      address('c.TEST', '192.0.2.1'),
      alias('B.test', 'C.test', 40),
      alias('a.test', 'b.test', 50),
    )
    assert.deepEqual(chain.targets, ['b.test', 'c.test'])
    assert.equal(chain.records.length, 1)
    assert.equal(chain.linkTtl, 40)
  })

  it('leaves out records that it does not touch', () => {
    const chain = follow(
      'a.test',
      address('b.test', '192.0.2.1'),
      address('a.test', '192.0.2.2'),
      alias('b.test', 'a.test'),
    )
    assert.deepEqual(chain.targets, [])
    assert.equal(chain.records.length, 1)
  })

  it('is made by a DNAME alone, with its TTL', () => {
    const chain = follow('x.y.old.test', dname('old.test', 'new.test', 9), address('x.y.new.test', '192.0.2.1'))
    assert.deepEqual(chain.targets, ['x.y.new.test'])
    assert.equal(chain.linkTtl, 9)
  })

  it('is made by a DNAME to and from the root', () => {
    assert.deepEqual(follow('a.old.test', dname('old.test', '.'), address('a', '192.0.2.1')).targets, ['a'])
    assert.deepEqual(
      follow('a.test', dname('.', 'new.test'), address('a.test.new.test', '192.0.2.1')).targets[0],
      'a.test.new.test',
    )
  })

  it('is not made by a DNAME at the asked name itself, or one above a label that only ends alike', () => {
    assert.deepEqual(follow('old.test', dname('old.test', 'new.test')).targets, [])
    assert.deepEqual(follow('cold.test', dname('old.test', 'new.test')).targets, [])
  })

  it('prefers the alias that came with a DNAME, with the lesser TTL of both', () => {
    const chain = follow(
      'a.old.test',
      dname('old.test', 'new.test', 5),
      alias('a.old.test', 'a.new.test', 50),
      address('a.new.test', '192.0.2.1'),
    )
    assert.deepEqual([chain.targets, chain.linkTtl], [['a.new.test'], 5])
  })

  const wrong: [string, () => unknown, RegExp][] = [
    ['runs in a circle', () => follow('a.test', alias('a.test', 'b.test'), alias('b.test', 'a.test')), /circle/],
    ['points to itself', () => follow('a.test', alias('a.test', 'a.test')), /circle/],
    ['forks', () => follow('a.test', alias('a.test', 'b.test'), alias('a.test', 'c.test')), /two aliases/],
    [
      'is too long',
      () => follow('n0.test', ...Array.from({ length: 17 }, (_, i) => alias(`n${i}.test`, `n${i + 1}.test`))),
      /too many/,
    ],
    [
      'grows past 255 octets',
      () => follow(`${'a.'.repeat(100)}old.test`, dname('old.test', `${'b'.repeat(60)}.test`)),
      /longer/,
    ],
    ['never ends by a DNAME below itself', () => follow('a.test', dname('test', 'x.test')), /too many|longer|circle/],
  ]
  for (const [what, work, message] of wrong) {
    it(`that ${what} is refused`, () => {
      assert.throws(work, { name: 'ChainError', message })
    })
  }
})
