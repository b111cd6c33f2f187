import assert from 'node:assert/strict'
import packet from 'dns-packet'
import fc from 'fast-check'
import {
  CLASS_IN,
  decodeHead,
  decodeMessage,
  encodeMessage,
  encodeWithin,
  type Message,
  queryMessage,
  RCODE,
  type RData,
  responseTo,
  TYPE,
} from '../../../src/dns/message/index.ts'

const plainLabel = fc.stringMatching(/^[a-zA-Z0-9_-]{1,20}$/)
const plainName = fc.array(plainLabel, { minLength: 1, maxLength: 6 }).map((labels) => labels.join('.'))
const anyOctets = (min: number, max: number) => fc.uint8Array({ minLength: min, maxLength: max })
const u16 = fc.integer({ min: 0, max: 0xffff })
const u32 = fc.integer({ min: 0, max: 0xffff_ffff })

const rdata: fc.Arbitrary<{ type: number; data: RData }> = fc.oneof(
  anyOctets(4, 4).map((address) => ({ type: TYPE.A as number, data: { kind: 'address' as const, address } })),
  anyOctets(16, 16).map((address) => ({ type: TYPE.AAAA, data: { kind: 'address' as const, address } })),
  fc
    .tuple(fc.constantFrom(TYPE.CNAME, TYPE.DNAME, TYPE.NS, TYPE.PTR), plainName)
    .map(([type, name]) => ({ type, data: { kind: 'name' as const, name } })),
  fc
    .record({ preference: u16, exchange: plainName })
    .map((mx) => ({ type: TYPE.MX, data: { kind: 'mx' as const, ...mx } })),
  fc
    .record({ priority: u16, weight: u16, port: u16, target: plainName })
    .map((srv) => ({ type: TYPE.SRV, data: { kind: 'srv' as const, ...srv } })),
  fc
    .record({ mname: plainName, rname: plainName, serial: u32, refresh: u32, retry: u32, expire: u32, minimum: u32 })
    .map((soa) => ({ type: TYPE.SOA, data: { kind: 'soa' as const, ...soa } })),
  fc
    .array(anyOctets(0, 255), { minLength: 1, maxLength: 4 })
    .map((strings) => ({ type: TYPE.TXT, data: { kind: 'txt' as const, strings } })),
  fc
    .tuple(u16, plainName, fc.uniqueArray(u16, { maxLength: 5 }), anyOctets(0, 30))
    .map(([priority, target, keys, value]) => ({
      type: TYPE.HTTPS,
      data: {
        kind: 'svcb' as const,
        priority,
        target,
        params: keys.sort((a, b) => a - b).map((key) => ({ key, value })),
      },
    })),
  anyOctets(0, 60).map((data) => ({ type: 65280, data: { kind: 'opaque' as const, data } })),
)

const record = fc
  .tuple(plainName, fc.integer({ min: 0, max: 0x7fff_ffff }), rdata)
  .map(([name, ttl, { type, data }]) => ({ name, type, class: CLASS_IN, ttl, data }))

const message: fc.Arbitrary<Message> = fc
  .tuple(
    fc.record({
      id: u16,
      response: fc.boolean(),
      opcode: fc.integer({ min: 0, max: 15 }),
      authoritative: fc.boolean(),
      truncated: fc.boolean(),
      recursionDesired: fc.boolean(),
      recursionAvailable: fc.boolean(),
      authenticData: fc.boolean(),
      checkingDisabled: fc.boolean(),
      rcode: fc.integer({ min: 0, max: 15 }),
      questions: fc.array(fc.record({ name: plainName, type: u16, class: u16 }), { maxLength: 2 }),
      answers: fc.array(record, { maxLength: 6 }),
      authorities: fc.array(record, { maxLength: 3 }),
      additionals: fc.array(record, { maxLength: 3 }),
    }),
    fc.option(
      fc.record({
        udpSize: u16,
        version: fc.constant(0),
        dnssecOk: fc.boolean(),
        options: fc.array(fc.record({ code: u16, data: anyOctets(0, 20) }), { maxLength: 3 }),
      }),
    ),
  )
  .map(([fields, edns]) => (edns === null ? fields : { ...fields, edns }))

/** Octet arrays of any class compare equal by content. */
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, v) => (v instanceof Uint8Array ? [...v] : v)))

describe('DNS messages', () => {
  it('come back from the wire as they were, case, escapes and all', () => {
    fc.assert(
      fc.property(message, (value) => {
        assert.deepEqual(plain(decodeMessage(encodeMessage(value))), plain(value))
      }),
      { numRuns: 300 },
    )
  })

  it('are read by dns-packet as they were meant', () => {
    const property = fc.property(u16, plainName, anyOctets(4, 4), plainName, (id, name, address, target) => {
      const query = queryMessage(id, { name, type: TYPE.A })
      const answers = [
        { name, type: TYPE.CNAME, class: CLASS_IN, ttl: 30, data: { kind: 'name' as const, name: target } },
        { name: target, type: TYPE.A, class: CLASS_IN, ttl: 60, data: { kind: 'address' as const, address } },
        {
          name,
          type: TYPE.MX,
          class: CLASS_IN,
          ttl: 5,
          data: { kind: 'mx' as const, preference: 7, exchange: target },
        },
      ]
      const read = packet.decode(encodeMessage(responseTo(query, RCODE.NOERROR, { answers })))
      assert.equal(read.id, id)
      assert.deepEqual(read.questions, [{ name, type: 'A', class: 'IN' }])
      assert.deepEqual(
        read.answers?.map((answer) => ('data' in answer ? answer.data : undefined)),
        [target, address.join('.'), { preference: 7, exchange: target }],
      )
    })
    fc.assert(property, { numRuns: 200 })
  })

  it('are understood as dns-packet wrote them', () => {
    fc.assert(
      fc.property(u16, plainName, plainName, anyOctets(1, 200), (id, name, target, text) => {
        const bytes = packet.encode({
          type: 'response',
          id,
          flags: packet.RECURSION_DESIRED | packet.AUTHENTIC_DATA,
          questions: [{ name, type: 'TXT' }],
          answers: [
            { name, type: 'CNAME', ttl: 3, data: target },
            { name: target, type: 'TXT', ttl: 4, data: Buffer.from(text) },
            { name, type: 'SRV', ttl: 5, data: { priority: 1, weight: 2, port: 3, target } },
          ],
          additionals: [
            { name: '.', type: 'OPT', udpPayloadSize: 1232, flags: packet.DNSSEC_OK, extendedRcode: 1 } as never,
          ],
        })
        const read = decodeMessage(bytes)
        assert.equal(read.id, id)
        assert.equal(read.authenticData, true)
        assert.equal(read.rcode, 16)
        assert.equal(read.edns?.udpSize, 1232)
        assert.equal(read.edns?.dnssecOk, true)
        assert.deepEqual(plain(read.answers.map((answer) => answer.data)), [
          { kind: 'name', name: target },
          { kind: 'txt', strings: [[...text]] },
          { kind: 'srv', priority: 1, weight: 2, port: 3, target },
        ])
      }),
      { numRuns: 200 },
    )
  })

  it('share the suffixes of their names', () => {
    const name = 'a-rather-long-name.example.com'
    const query = queryMessage(1, { name, type: TYPE.A })
    const answers = Array.from({ length: 20 }, (_, i) => ({
      name,
      type: TYPE.A,
      class: CLASS_IN,
      ttl: 60,
      data: { kind: 'address' as const, address: Uint8Array.of(192, 0, 2, i) },
    }))
    const bytes = encodeMessage(responseTo(query, RCODE.NOERROR, { answers }))
    assert.equal(bytes.length, 12 + name.length + 2 + 4 + 20 * (2 + 10 + 4))
  })

  it('that do not fit their transport are cut to the question, with TC set', () => {
    const query = queryMessage(1, { name: 'example.com', type: TYPE.TXT })
    const data: RData = { kind: 'txt', strings: [new Uint8Array(255), new Uint8Array(255), new Uint8Array(255)] }
    const full = responseTo(query, RCODE.NOERROR, {
      answers: [{ name: 'example.com', type: TYPE.TXT, class: CLASS_IN, ttl: 1, data }],
    })
    const cut = decodeMessage(encodeWithin(full, 512))
    assert.equal(cut.truncated, true)
    assert.equal(cut.answers.length, 0)
    assert.equal(cut.questions.length, 1)
    assert.equal(decodeMessage(encodeWithin(full, 4096)).answers.length, 1)
  })

  it('give up their head without the rest being read', () => {
    const bytes = encodeMessage(queryMessage(77, { name: 'Example.com', type: TYPE.AAAA }))
    bytes.writeUInt16BE(0, 6)
    const head = decodeHead(Buffer.concat([bytes, Buffer.from('rubbish')]))
    assert.equal(head.id, 77)
    assert.deepEqual(head.questions, [{ name: 'Example.com', type: TYPE.AAAA, class: CLASS_IN }])
  })
})
