import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type DecisionRecord, decisionRecord, printRecord } from '../../../../src/daemon/records/kinds/record.ts'

const record: DecisionRecord = {
  schema: 'clawgress.decision/1',
  event: 'decision',
  id: 'abc-1',
  time: '2026-11-22T18:27:49.403Z',
  group: 'default',
  verdict: 'deny',
  reason: 'dns.not-allowed',
  generation: 'none',
  count: 1,
  message: 'm',
  next: 'n',
}

describe('a decision record', () => {
  it('is one line of printable ASCII that says the same, whatever its texts hold', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), (name, label) => {
        const line = printRecord({ ...record, name, label })
        assert.match(line, /^[\x20-\x7e]+$/)
        assert.deepEqual(JSON.parse(line), { ...record, name, label })
      }),
    )
  })

  it('with an unknown field or reason is none', () => {
    assert.equal(decisionRecord.safeParse(record).success, true)
    assert.equal(decisionRecord.safeParse({ ...record, extra: 1 }).success, false)
    assert.equal(decisionRecord.safeParse({ ...record, reason: 'dns.nonsense' }).success, false)
  })
})
