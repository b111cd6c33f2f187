import assert from 'node:assert/strict'
import fc from 'fast-check'
import { flowRecord, flowRecordOf } from '../../../../src/daemon/records/kinds/flow-record.ts'
import { printRecord } from '../../../../src/daemon/records/kinds/record.ts'
import { parseFlowLine } from '../../../../src/daemon/records/sources/flow-line.ts'
import { ResolvedNames } from '../../../../src/pinner/answering/resolved-names.ts'
import { compilePlan } from '../../../../src/plan/index.ts'
import { parsePolicy } from '../../../../src/policy/index.ts'
import { testSettings } from '../settings.ts'

/** As ulogd2 2.0.8 printed it (keys that are not read left out). */
const LINE = {
  'orig.ip.protocol': 6,
  'orig.l4.sport': 57858,
  'orig.l4.dport': 8000,
  'orig.raw.pktlen': 397,
  'orig.raw.pktcount': 6,
  'reply.l4.sport': 443,
  'reply.raw.pktlen': 812,
  'reply.raw.pktcount': 5,
  'ct.mark': 1048576,
  'flow.start.sec': 1795389917,
  'flow.start.usec': 468157,
  'flow.end.sec': 1795389919,
  'flow.end.usec': 750179,
  src_ip: '10.1.0.2',
  dest_ip: '10.2.0.2',
  'reply.ip.saddr.str': '10.2.0.3',
}
const read = (fields: object) => parseFlowLine(JSON.stringify(fields))

describe('a line of an ended flow', () => {
  const policy = { version: 1, allow: { domains: ['*.example.com'], ports: [443] } }
  const plan = compilePlan(parsePolicy(Buffer.from(JSON.stringify(policy))).policy, testSettings, {})

  it('gives who, the true destination, times and counts', () => {
    assert.deepEqual(read(LINE), {
      client: '10.1.0.2',
      clientPort: 57858,
      address: '10.2.0.3',
      port: 443,
      protocol: 6,
      mark: 1048576,
      start: 1795389917468,
      end: 1795389919750,
      up: { bytes: 397, packets: 6 },
      down: { bytes: 812, packets: 5 },
    })
  })

  it('of a flow without a mark is passed over, also before it is parsed', () => {
    assert.equal(parseFlowLine('{"ct.mark": 0, broken'), 'unmarked')
    assert.equal(read({ ...LINE, 'ct.mark': 0 }), 'unmarked')
  })

  it('has no counts and no start where the kernel was not asked to keep them', () => {
    const none = { 'orig.raw.pktlen': 0, 'orig.raw.pktcount': 0, 'reply.raw.pktlen': 0, 'reply.raw.pktcount': 0 }
    const flow = read({ ...LINE, ...none, 'flow.start.sec': 0 })
    assert.ok(typeof flow === 'object')
    assert.deepEqual([flow.up, flow.down, flow.start], [undefined, undefined, undefined])
  })

  it('becomes one valid line of ASCII or nothing, whatever it and the names hold', () => {
    const value = fc.oneof(
      fc.anything(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom(-1, 1e300, 70000, '::', '10.0.0.1'),
    )
    const fields = fc.dictionary(fc.constantFrom(...Object.keys(LINE)), value)
    const names = fc.array(fc.string({ unit: 'binary', maxLength: 300 }), { maxLength: 12 })
    let made = 0
    fc.assert(
      fc.property(fields, names, fc.string({ unit: 'binary' }), (some, known, garbage) => {
        parseFlowLine(garbage)
        let text: string
        try {
          text = JSON.stringify({ ...LINE, ...some })
        } catch {
          return
        }
        const flow = parseFlowLine(text)
        if (flow === undefined || flow === 'unmarked') return
        made++
        const record = flowRecordOf(flow, { id: 'a-1', plan, generation: plan.generation, names: known })
        const line = printRecord(flowRecord.parse(record))
        assert.match(line, /^[\x20-\x7e]+$/)
        assert.deepEqual(JSON.parse(line), record)
      }),
      { numRuns: 300 },
    )
    assert.ok(made > 20, String(made))
  })

  it('is explained by the one name that leads there, and by none of several', () => {
    const flow = read({ ...LINE, 'reply.ip.saddr.str': '62.30.1.1' })
    assert.ok(typeof flow === 'object')
    const about = { id: 'a-1', plan, generation: undefined }
    const one = flowRecordOf(flow, { ...about, names: ['api.example.com'] })
    assert.deepEqual(
      [one.name, one.rule?.text, one.reason, one.generation],
      ['api.example.com', '*.example.com', 'allow.name', 'none'],
    )
    const two = flowRecordOf(flow, { ...about, names: ['api.example.com', 'www.example.com'] })
    assert.deepEqual([two.name, two.names?.length, two.reason], [undefined, 2, undefined])
  })
})

describe('names that the pinner resolved', () => {
  it('are counted by group and name, and in one number where there is no room', () => {
    const resolved = new ResolvedNames()
    for (let i = 0; i < 4_010; i++) resolved.note('default', `n${i}`)
    resolved.note('default', 'n0')
    const { names, others } = resolved.take()
    assert.deepEqual([names.length, others, names[0]], [4_000, 10, ['default', 'n0', 2]])
    assert.deepEqual(resolved.take(), { names: [], others: 0 })
  })
})
