import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  decodeHead,
  encodeMessage,
  isAtOrBelow,
  labelTexts,
  nameKey,
  nameLabels,
  queryMessage,
  TYPE,
} from '../../../src/dns/message/index.ts'

const throughWire = (name: string) =>
  decodeHead(encodeMessage(queryMessage(1, { name, type: TYPE.A }))).questions[0]!.name

describe('DNS names', () => {
  it('of any octets survive text and wire', () => {
    const label = fc.uint8Array({ minLength: 1, maxLength: 63 })
    fc.assert(
      fc.property(fc.array(label, { maxLength: 3 }), (labels) => {
        const octets = labels.flatMap((octetsOfLabel) => [octetsOfLabel.length, ...octetsOfLabel])
        const wire = Uint8Array.from([0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...octets, 0, 0, 1, 0, 1])
        const { name } = decodeHead(wire).questions[0]!
        assert.match(name, /^[\x21-\x7e]+$/)
        assert.deepEqual(
          nameLabels(name).map((text) => [...text]),
          labels.map((text) => [...text]),
        )
        assert.equal(throughWire(name), name)
      }),
      { numRuns: 500 },
    )
  })

  it('keep their case on the wire and lose it in their key', () => {
    assert.equal(throughWire('WwW.ExAmple.COM'), 'WwW.ExAmple.COM')
    assert.equal(nameKey('WwW.ExAmple.COM'), 'www.example.com')
  })

  it('have the root as a dot without labels', () => {
    assert.equal(throughWire('.'), '.')
    assert.deepEqual(labelTexts('.'), [])
  })

  it('with a dot inside a label are not below what follows that dot', () => {
    assert.deepEqual(labelTexts('a\\.b.example'), ['a\\.b', 'example'])
    assert.equal(isAtOrBelow('a.example', 'example'), true)
    assert.equal(isAtOrBelow('example', 'example'), true)
    assert.equal(isAtOrBelow('example', '.'), true)
    assert.equal(isAtOrBelow('notexample', 'example'), false)
    assert.equal(isAtOrBelow('a\\.example', 'example'), false)
    assert.equal(isAtOrBelow('a\\\\.example', 'example'), true)
  })
})
