import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import {
  parseRecord,
  RECORD_KINDS,
  type RecordKind,
  recordJsonSchema,
} from '../../../../src/daemon/records/kinds/record-kinds.ts'

const time = '2026-11-22T18:27:49.403Z'
const EXAMPLES: Readonly<Record<RecordKind, object>> = {
  deny: {
    schema: 'clawgress.decision/1',
    event: 'decision',
    id: 'abc-1',
    time,
    group: 'default',
    verdict: 'deny',
    reason: 'dns.not-allowed',
    generation: 'none',
    count: 1,
    message: 'm',
    next: 'n',
  },
  allow: {
    schema: 'clawgress.flow/1',
    event: 'flow',
    id: 'abc-2',
    time,
    client: '10.0.0.5',
    group: 'default',
    address: '192.0.2.1',
    protocol: 'tcp',
    verdict: 'allow',
    generation: 'none',
    up: { bytes: 1, packets: 1 },
    down: { bytes: 0, packets: 0 },
  },
  commit: { schema: 'clawgress.commit/1', event: 'removed', time, user: 'vyos' },
  alert: { schema: 'clawgress.alert/1', event: 'table.restored', time, message: 'It is back.', interface: 'eth1' },
  omission: { schema: 'clawgress.omission/1', event: 'rate', time, count: 5, message: '5 denied packets.' },
}

describe('the kinds of records', () => {
  for (const kind of Object.keys(RECORD_KINDS) as RecordKind[]) {
    it(`know ${kind}, and nothing else for it`, () => {
      const example = EXAMPLES[kind]
      assert.deepEqual(parseRecord(kind, JSON.stringify(example)), example)
      const foreign = kind === 'deny' ? EXAMPLES.allow : EXAMPLES.deny
      for (const other of [foreign, { ...example, schema: 'clawgress.other/1' }, { ...example, extra: {} }, 7])
        assert.equal(parseRecord(kind, JSON.stringify(other)), undefined)
      for (const line of ['', 'x', '{"schema":']) assert.equal(parseRecord(kind, line), undefined)
    })
  }

  it('are described by the published schema', () => {
    const published = JSON.parse(readFileSync('docs/record.schema.json', 'utf8'))
    assert.deepEqual(published, JSON.parse(JSON.stringify(recordJsonSchema())))
  })
})
