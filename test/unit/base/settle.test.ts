import assert from 'node:assert/strict'
import { settleAll } from '../../../src/base/settle.ts'

describe('waiting for several works', () => {
  it('gives their values in the order of the works', async () => {
    assert.deepEqual(await settleAll([Promise.resolve(1), 'two', Promise.resolve([3])]), [1, 'two', [3]])
  })

  it('throws the first failure when all are over', async () => {
    let isOver = false
    const late = new Promise<void>((resolve) =>
      setImmediate(() => {
        isOver = true
        resolve()
      }),
    )
    const works = [late, Promise.reject(new Error('first')), Promise.reject(new Error('second'))]
    await assert.rejects(settleAll(works), /first/)
    assert.equal(isOver, true)
  })
})
