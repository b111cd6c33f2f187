import { REASONS } from '../../../../../src/base/reasons.ts'
import { type DecisionRecord, RECORD_SCHEMA } from '../../../../../src/daemon/records/kinds/record.ts'

/** A name that was refused to a client at a second of the year 2026. */
export const denial = (second: number, client: string, name: string): DecisionRecord => ({
  schema: RECORD_SCHEMA,
  event: 'decision',
  id: `r-${second}`,
  time: `2026-01-01T00:00:${String(second).padStart(2, '0')}.000Z`,
  client,
  group: 'default',
  name,
  verdict: 'deny',
  reason: 'dns.not-allowed',
  generation: 'none',
  count: 1,
  message: REASONS['dns.not-allowed'].operator,
  next: REASONS['dns.not-allowed'].agent,
})
