import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  CLASS_IN,
  DnsMessageError,
  decodeHead,
  decodeMessage,
  encodeMessage,
  queryMessage,
  RCODE,
  responseTo,
  TYPE,
} from '../../../src/dns/message/index.ts'

/** Decodes, and lets pass only the codec's own error. */
function survives(bytes: Uint8Array): void {
  for (const decode of [decodeMessage, decodeHead]) {
    try {
      decode(bytes)
    } catch (error) {
      assert.ok(error instanceof DnsMessageError, String(error))
    }
  }
}

const sample = encodeMessage(
  responseTo(queryMessage(1, { name: 'www.example.com', type: TYPE.HTTPS }), RCODE.NOERROR, {
    answers: [
      {
        name: 'www.example.com',
        type: TYPE.CNAME,
        class: CLASS_IN,
        ttl: 9,
        data: { kind: 'name', name: 'cdn.example' },
      },
      {
        name: 'cdn.example',
        type: TYPE.HTTPS,
        class: CLASS_IN,
        ttl: 9,
        data: { kind: 'svcb', priority: 1, target: '.', params: [{ key: 4, value: Uint8Array.of(192, 0, 2, 1) }] },
      },
      {
        name: 'cdn.example',
        type: TYPE.MX,
        class: CLASS_IN,
        ttl: 9,
        data: { kind: 'mx', preference: 1, exchange: 'm.example' },
      },
    ],
  }),
)

/** Header with counts, then the body. */
const wire = (counts: [number, number, number, number], ...body: number[]) =>
  Uint8Array.from([0, 1, 0x80, 0, ...counts.flatMap((count) => [count >> 8, count & 255]), ...body])

describe('Malformed DNS messages', () => {
  it('of random octets are refused with nothing but the own error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => survives(bytes)),
      { numRuns: 2000 },
    )
  })

  it('that are real ones with octets changed or cut off are refused with nothing but the own error', () => {
    const change = fc.tuple(fc.nat(sample.length - 1), fc.integer({ min: 0, max: 255 }))
    fc.assert(
      fc.property(fc.array(change, { maxLength: 6 }), fc.nat(sample.length), (changes, length) => {
        const bytes = Uint8Array.from(sample)
        for (const [at, octet] of changes) bytes[at] = octet
        survives(bytes)
        survives(bytes.subarray(0, length))
      }),
      { numRuns: 3000 },
    )
  })

  const refused: [string, Uint8Array, RegExp][] = [
    ['a header cut short', Uint8Array.of(0, 1, 2), /shorter than its header/],
    [
      'more records promised than fit',
      wire([0, 0xffff, 0, 0], 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0),
      /promises more records/,
    ],
    ['a pointer to itself', wire([1, 0, 0, 0], 0xc0, 12, 0, 1, 0, 1), /lead backwards/],
    ['a pointer forwards', wire([1, 0, 0, 0], 0xc0, 14, 0, 0, 1, 0, 1), /lead backwards/],
    ['two pointers in a circle', wire([2, 0, 0, 0], 1, 97, 0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 0, 1), /lead backwards/],
    ['a label of a reserved type', wire([1, 0, 0, 0], 0x41, 0, 0, 1, 0, 1), /reserved type/],
    ['an address of three octets', wire([0, 1, 0, 0], 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 3, 1, 2, 3), /middle of a field/],
    [
      'an address of five octets',
      wire([0, 1, 0, 0], 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 5, 1, 2, 3, 4, 5),
      /behind its data/,
    ],
    ['octets behind the last record', wire([0, 0, 0, 0], 7), /behind its last record/],
    ['an OPT record among the answers', wire([0, 1, 0, 0], 0, 0, 41, 0, 1, 0, 0, 0, 0, 0, 0), /OPT/],
    ['two OPT records', wire([0, 0, 0, 2], 0, 0, 41, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 41, 0, 1, 0, 0, 0, 0, 0, 0), /OPT/],
    [
      'service parameters out of order',
      wire([0, 1, 0, 0], 0, 0, 65, 0, 1, 0, 0, 0, 0, 0, 11, 0, 1, 0, 0, 4, 0, 0, 0, 1, 0, 0),
      /not in order/,
    ],
    [
      'a compressed service target',
      wire([1, 1, 0, 0], 1, 97, 0, 0, 65, 0, 1, 0, 0, 65, 0, 1, 0, 0, 0, 0, 0, 4, 0, 1, 0xc0, 12),
      /compressed where it must not/,
    ],
  ]
  for (const [what, bytes, message] of refused) {
    it(`with ${what} are refused`, () => {
      assert.throws(() => decodeMessage(bytes), { name: 'DnsMessageError', message })
    })
  }

  it('with a name of more than 255 octets are refused, also when pointers make it so long', () => {
    const label = [63, ...new Array<number>(63).fill(97)]
    assert.throws(() => decodeMessage(wire([1, 0, 0, 0], ...label, ...label, ...label, ...label, 0, 0, 1, 0, 1)), {
      message: /longer than 255/,
    })
    const first = [...label, ...label, 0, 0, 1, 0, 1]
    const second = [...label, ...label, 0xc0, 12, 0, 1, 0, 1]
    assert.throws(() => decodeMessage(wire([2, 0, 0, 0], ...first, ...second)), { message: /longer than 255/ })
  })

  it('cannot be written either', () => {
    const query = (name: string) => () => encodeMessage(queryMessage(1, { name, type: TYPE.A }))
    assert.throws(query('a..b'), DnsMessageError)
    assert.throws(query(`${'a'.repeat(64)}.com`), DnsMessageError)
    assert.throws(query(`${'abc.'.repeat(70)}com`), DnsMessageError)
    assert.throws(query('space here'), DnsMessageError)
    assert.throws(query('a\\300.b'), DnsMessageError)
    assert.throws(query('a\\'), DnsMessageError)
    assert.throws(() => encodeMessage(queryMessage(70000, { name: 'a', type: TYPE.A })), DnsMessageError)
  })
})
