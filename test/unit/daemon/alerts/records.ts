import { type DecisionRecord, RECORD_SCHEMA } from '../../../../src/daemon/records/kinds/record.ts'

/** A denial, for tests. */
export const denial = (fields: Partial<DecisionRecord> = {}): DecisionRecord => ({
  schema: RECORD_SCHEMA,
  event: 'decision',
  id: 'a-1',
  time: new Date().toISOString(),
  client: '10.77.0.2',
  group: 'default',
  name: 'tracker.example.org',
  verdict: 'deny',
  reason: 'dns.not-allowed',
  generation: 'none',
  count: 1,
  message: 'm',
  next: 'n',
  ...fields,
})
