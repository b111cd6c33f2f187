import assert from 'node:assert/strict'
import { WildcardNames } from '../../../src/pinner/answering/wildcard-names.ts'
import { LIMITS } from '../../../src/pinner/limits.ts'

const HOUR = 3_600_000

describe('names below a wildcard', () => {
  const limits = { ...LIMITS, wildcardNames: 3, wildcardNamesInAll: 5, wildcardWindowMs: HOUR }
  const fresh = () => {
    let now = 0
    const names = new WildcardNames(limits, () => now)
    const ask = (suffix: string, ...labels: string[]) =>
      labels.map((label) => names.admit('g', suffix, `${label}.${suffix}`))
    const later = (ms: number) => {
      now += ms
    }
    return { ask, later }
  }

  it('are bounded in number for each wildcard, and known ones stay free', () => {
    const { ask } = fresh()
    assert.deepEqual(ask('a.test', '1', '2', '3', '4', '5', '1', '3'), [true, true, true, false, false, true, true])
    assert.deepEqual(ask('b.test', '1'), [true])
  })

  it('are bounded over all wildcards', () => {
    const { ask } = fresh()
    assert.deepEqual(ask('a.test', '1', '2', '3'), [true, true, true])
    assert.deepEqual(ask('b.test', '1', '2', '3'), [true, true, false])
  })

  it('are forgotten after the window, and not before', () => {
    const { ask, later } = fresh()
    ask('a.test', '1', '2', '3')
    later(HOUR - 1)
    assert.deepEqual(ask('a.test', '3', '4'), [true, false])
    later(1)
    assert.deepEqual(ask('a.test', '4', '5', '6'), [true, true, false])
  })

  it('leave a shipped bound of ten thousand an hour', () => {
    assert.deepEqual([LIMITS.wildcardNames, LIMITS.wildcardWindowMs, LIMITS.wildcardOctets], [10_000, HOUR, 63])
  })
})
