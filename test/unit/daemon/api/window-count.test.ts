import assert from 'node:assert/strict'
import { WindowCount } from '../../../../src/daemon/api/window-count.ts'

describe('what a client does within a window', () => {
  it('is full at its bound, for that client alone, until the window that began with the first of it is over', () => {
    const counts = new WindowCount({ most: 2, windowMs: 1_000, clients: 10 })
    counts.add('192.0.2.1', 5_000)
    assert.equal(counts.isFull('192.0.2.1', 5_900), false)
    counts.add('192.0.2.1', 5_900)
    assert.equal(counts.isFull('192.0.2.1', 5_999), true)
    assert.equal(counts.isFull('2001:db8::', 5_999), false)
    assert.equal(counts.isFull('192.0.2.1', 6_000), false)
    counts.add('192.0.2.1', 6_000)
    assert.equal(counts.isFull('192.0.2.1', 6_000), false)
  })

  it('is remembered of a bounded number of clients, of which the one that began first is forgotten', () => {
    const counts = new WindowCount({ most: 1, windowMs: 1_000, clients: 2 })
    for (const [at, client] of ['a', 'b', 'c'].entries()) counts.add(client, at)
    assert.deepEqual(
      ['a', 'b', 'c'].map((client) => counts.isFull(client, 3)),
      [false, true, true],
    )
  })
})
