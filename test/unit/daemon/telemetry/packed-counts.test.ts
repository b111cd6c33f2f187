import assert from 'node:assert/strict'
import fc from 'fast-check'
import { MEASURES } from '../../../../src/daemon/telemetry/measures.ts'
import { REASON_LIMIT, RowReader, RowWriter } from '../../../../src/daemon/telemetry/packed-counts.ts'

const count = fc.oneof(fc.nat(200), fc.nat(), fc.maxSafeNat())
const reasons = fc.uniqueArray(fc.tuple(fc.nat(REASON_LIMIT - 1), count), { selector: ([number]) => number })
const row = fc.tuple(fc.array(count, { minLength: MEASURES.length, maxLength: MEASURES.length }), reasons)

function packed(rows: readonly (readonly [number[], [number, number][]])[]): Uint8Array {
  const writer = new RowWriter(0)
  for (const [values, reasonsOfRow] of rows) writer.add(values, 0, reasonsOfRow)
  return writer.end()
}

describe('rows of counts', () => {
  it('are read as they were written, whatever their counts and reasons', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 20 }), (rows) => {
        const reader = new RowReader(packed(rows))
        for (const [values, reasonsOfRow] of rows) {
          reader.next()
          assert.deepEqual([...reader.values], values)
          const pairs = Array.from({ length: reader.reasons }, (_, i) => [
            reader.reasonNumbers[i],
            reader.reasonCounts[i],
          ])
          assert.deepEqual(pairs, reasonsOfRow)
        }
        assert.ok(reader.isAtEnd)
      }),
    )
  })

  it('are refused where they are cut off', () => {
    fc.assert(
      fc.property(row, (only) => {
        const bytes = packed([only])
        for (let length = 0; length < bytes.length; length++)
          assert.throws(() => new RowReader(bytes.subarray(0, length)).next(), /cut off/)
      }),
    )
  })

  it('are counts and nothing else, whatever the octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const reader = new RowReader(bytes)
        try {
          while (!reader.isAtEnd) reader.next()
        } catch (error) {
          assert.match((error as Error).message, /cut off|too large|more reasons/)
        }
        for (const value of [...reader.values, ...reader.reasonCounts.subarray(0, reader.reasons)])
          assert.ok(Number.isInteger(value) && value >= 0)
      }),
    )
  })
})
