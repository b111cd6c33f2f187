import assert from 'node:assert/strict'
import { setImmediate as loopTurn } from 'node:timers/promises'
import { NamesBehind } from '../../../../src/daemon/records/names-behind.ts'

const ADDRESS = '2001:db8::1'

describe('the name behind an address', () => {
  let now = 0
  let name = 'a.example.com'
  let isDown = false
  let names: NamesBehind
  beforeEach(() => {
    names = new NamesBehind(
      async (addresses) => {
        if (isDown) throw new Error('nobody answers')
        return new Map(addresses.map((address) => [address, [{ group: 'default', name }]]))
      },
      () => now,
    )
  })
  /** What a line about the address is told, once the pinner has had time to answer. */
  const look = async () => {
    names.want(ADDRESS)
    names.ask()
    await loopTurn()
    return names.get(ADDRESS)
  }

  it('is asked for anew after some seconds, though no other address was asked for meanwhile', async () => {
    assert.equal(await look(), 'a.example.com')
    name = 'b.example.com'
    now += 9_999
    assert.equal(await look(), 'a.example.com')
    now += 20_000
    assert.equal(await look(), 'b.example.com')
  })

  it('is asked for again where the pinner did not answer', async () => {
    isDown = true
    assert.deepEqual([await look(), names.isAnswered(ADDRESS)], [undefined, false])
    isDown = false
    assert.equal(await look(), name)
  })
})
