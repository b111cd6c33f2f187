import assert from 'node:assert/strict'
import { poll } from '../../../src/dns/live/await.ts'

describe('waiting for a zone to come into force', () => {
  const clock = Date.now
  afterEach(() => {
    Date.now = clock
  })

  for (const [how, hours] of [
    ['put forward', 1],
    ['set back', -1],
  ] as const)
    it(`goes on until the time is over, and ends then, though the clock is ${how} meanwhile`, async () => {
      let looks = 0
      const look = async () => {
        looks++
        Date.now = () => clock() + hours * 3_600_000
        return looks === 3
      }
      assert.equal(await poll(look, performance.now() + 5_000), true)
      Date.now = clock
      assert.equal(await poll(look, performance.now() + 20), false)
    })
})
