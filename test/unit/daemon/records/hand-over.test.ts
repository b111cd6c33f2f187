import assert from 'node:assert/strict'
import fc from 'fast-check'
import { HandOver } from '../../../../src/daemon/records/hand-over.ts'

const TABLE = 7

/** The same look several times: nothing is under way any more. */
const quiet = (handOver: HandOver, table: number, logged: number, accounted: number): number => {
  let found = 0
  for (let i = 0; i < 5; i++) found += handOver.look(table, logged, accounted)
  return found
}

describe('what the kernel logged and nobody got', () => {
  it('is found when nothing is under way any more, and once', () => {
    const handOver = new HandOver(undefined, 0)
    assert.equal(handOver.look(TABLE, 100, 0), 0)
    assert.equal(handOver.look(TABLE, 300, 100), 0)
    assert.equal(quiet(handOver, TABLE, 300, 289), 11)
    assert.equal(quiet(handOver, TABLE, 300, 289), 0)
    assert.equal(quiet(handOver, TABLE, 400, 380), 9)
  })

  it('is never more than was lost, and all of it in the end, however late the rest comes', () => {
    const step = fc.record({ logged: fc.nat(50), lost: fc.nat(5), late: fc.nat(20) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const handOver = new HandOver(undefined, 0)
        let [logged, lost, found] = [0, 0, 0]
        for (const each of steps) {
          logged += each.logged
          lost += Math.min(each.lost, each.logged)
          found += handOver.look(TABLE, logged, Math.max(0, logged - lost - Math.min(each.late, each.logged)))
          assert.ok(found <= lost, `${found} of ${lost}`)
        }
        assert.equal(found + quiet(handOver, TABLE, logged, logged - lost), lost)
      }),
    )
  })

  it('is found under steady load, too', () => {
    const handOver = new HandOver(undefined, 0)
    let found = 0
    for (let i = 1; i < 10; i++) found += handOver.look(TABLE, 1000 + i * 10, 200 + i * 10)
    assert.deepEqual([found, quiet(handOver, TABLE, 1090, 290)], [770, 30])
  })

  it('is not made up for by packets of the table before', () => {
    const handOver = new HandOver(undefined, 0)
    quiet(handOver, TABLE, 100, 100)
    // Twenty of the old table came after its last look.
    assert.equal(quiet(handOver, TABLE + 1, 50, 170), 0)
    assert.equal(quiet(handOver, TABLE + 1, 60, 175), 5)
  })

  it('is found after a restart, and what was told before is not told again', () => {
    const first = new HandOver(undefined, 0)
    assert.equal(quiet(first, TABLE, 100, 90), 10)
    assert.equal(quiet(new HandOver(first.kept(0), 90), TABLE, 103, 91), 2)
    assert.equal(quiet(new HandOver(first.kept(4), 90), TABLE, 103, 91), 6)
    assert.equal(quiet(new HandOver(undefined, undefined), TABLE, 103, 0), 0, 'nobody knows what came before')
  })
})
