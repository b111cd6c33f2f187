import { z } from 'zod'
import {
  ALERT_SCHEMA,
  type AlertRecord,
  alertRecord,
  COMMIT_SCHEMA,
  type CommitRecord,
  commitRecord,
} from '../../../services/index.ts'
import { FLOW_SCHEMA, type FlowRecord, flowRecord } from './flow-record.ts'
import { OMISSION_SCHEMA, type OmissionRecord, omissionRecord } from './omission-record.ts'
import { type DecisionRecord, decisionRecord, RECORD_SCHEMA } from './record.ts'

/** Anything that the logs hold; `schema` says which kind it is, in which version. */
export type AnyRecord = DecisionRecord | FlowRecord | CommitRecord | AlertRecord | OmissionRecord

export const RECORD_KINDS = {
  deny: { schema: RECORD_SCHEMA, parser: decisionRecord },
  allow: { schema: FLOW_SCHEMA, parser: flowRecord },
  commit: { schema: COMMIT_SCHEMA, parser: commitRecord },
  alert: { schema: ALERT_SCHEMA, parser: alertRecord },
  omission: { schema: OMISSION_SCHEMA, parser: omissionRecord },
} as const

export type RecordKind = keyof typeof RECORD_KINDS

/** Undefined where the line is no record of a version known here. */
export function parseRecord(kind: RecordKind, line: string): AnyRecord | undefined {
  if (line === '') return undefined
  try {
    return RECORD_KINDS[kind].parser.parse(JSON.parse(line))
  } catch {
    return undefined
  }
}

/** JSON Schema (2020-12) of every kind of record, as published in docs/record.schema.json. */
export function recordJsonSchema(): object {
  const schemas = Object.values(RECORD_KINDS).map(({ schema, parser }) => {
    const { $schema, ...rest } = z.toJSONSchema(parser)
    return { title: schema, ...rest }
  })
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Records of Clawgress',
    description: 'One line of decisions.jsonl, flows.jsonl, commits.jsonl, alerts.jsonl or omissions.jsonl.',
    oneOf: schemas,
  }
}
