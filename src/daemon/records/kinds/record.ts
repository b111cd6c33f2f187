import { z } from 'zod'
import { REASONS, type ReasonCode } from '../../../base/reasons.ts'

export const RECORD_SCHEMA = 'clawgress.decision/1'

const reasonCodes = Object.keys(REASONS) as [ReasonCode, ...ReasonCode[]]
const port = z.int().min(0).max(65535)

/** One line of the decision log. One question, or one flow, is one record. */
export const decisionRecord = z
  .strictObject({
    schema: z.literal(RECORD_SCHEMA),
    event: z
      .enum(['decision', 'repeats'])
      .describe(
        '`decision`: first sight. `repeats`: the same again, `count` times since the last record with this id.',
      ),
    id: z
      .string()
      .regex(/^[0-9a-z]{1,12}-[0-9a-z]{1,12}$/)
      .describe('Joins `repeats` to their `decision`.'),
    time: z.iso.datetime({ precision: 3 }).describe('When it was first seen (`repeats`: last seen), UTC.'),
    client: z
      .string()
      .max(45)
      .optional()
      .describe('Address that asked or sent; absent where only the answer to a question was refused.'),
    group: z.string().max(255),
    name: z.string().max(1024).optional().describe('Asked name; for an address, the name it is known by.'),
    types: z.array(z.string().max(16)).max(8).optional().describe('DNS query types asked for.'),
    target: z.string().max(1024).optional().describe('Name further down the answer that decided.'),
    address: z.string().max(45).optional(),
    port: port.optional(),
    protocol: z.string().max(16).optional(),
    verdict: z.enum(['allow', 'deny']),
    reason: z.enum(reasonCodes).describe('docs/reasons.md'),
    rule: z
      .strictObject({ path: z.string().max(4096), text: z.string().max(1024) })
      .optional()
      .describe('The line of the policy that decided.'),
    label: z.string().max(200).optional(),
    generation: z.string().regex(/^([0-9a-f]{16}|none)$/),
    count: z.int().min(1).describe('Log lines that were joined into this record.'),
    message: z.string().max(2048).describe('For the operator.'),
    next: z.string().max(1024).describe('For the agent that was refused.'),
  })
  .describe('A decision of the gateway.')

export type DecisionRecord = z.infer<typeof decisionRecord>

/**
 * One line of ASCII without the line end. Everything else is escaped, so that no name, label or group can end a line,
 * forge a record or play with a terminal.
 */
export const printRecord = (record: object): string =>
  JSON.stringify(record).replace(
    /[\x7f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
