import { z } from 'zod'
import { parseAddress } from '../../../base/address.ts'
import { REASONS, type ReasonCode } from '../../../base/reasons.ts'
import { decide, groupOf } from '../../../plan/index.ts'
import type { Plan } from '../../../plan/types.ts'
import type { EndedFlow } from '../sources/flow-line.ts'
import { protocolName } from '../sources/protocol-name.ts'
import { loggedName } from '../sources/raw-denial.ts'

export const FLOW_SCHEMA = 'clawgress.flow/1'

const MAX_NAMES = 8
const port = z.int().min(0).max(65535)
const reasonCodes = Object.keys(REASONS) as [ReasonCode, ...ReasonCode[]]
const traffic = z.strictObject({
  bytes: z.int().min(0).describe('Octets with the headers of IP.'),
  packets: z.int().min(0),
})

/** One line of the flow log: a flow that the gateway let pass, written when the kernel has forgotten it. */
export const flowRecord = z
  .strictObject({
    schema: z.literal(FLOW_SCHEMA),
    event: z.literal('flow'),
    id: z.string().regex(/^[0-9a-z]{1,12}-[0-9a-z]{1,12}$/),
    time: z.iso.datetime({ precision: 3 }).describe('When the kernel forgot the flow, UTC.'),
    start: z.iso.datetime({ precision: 3 }).optional().describe('When its first packet came.'),
    seconds: z
      .number()
      .min(0)
      .optional()
      .describe('From start to time: with the silence after which the kernel forgets (TCP after its end: 2 minutes).'),
    client: z.string().max(45),
    clientPort: port.optional(),
    group: z.string().max(255),
    name: z.string().max(1024).optional().describe('The one name of the group that leads to the address.'),
    names: z
      .array(z.string().max(1024))
      .min(2)
      .max(MAX_NAMES)
      .optional()
      .describe('Several names share the address, and which was meant cannot be known: up to eight of them.'),
    address: z.string().max(45).describe('True destination, behind any destination NAT.'),
    port: port.optional(),
    protocol: z.string().max(16),
    verdict: z.literal('allow'),
    reason: z.enum(reasonCodes).optional().describe('docs/reasons.md; absent where the live policy does not allow it.'),
    rule: z
      .strictObject({ path: z.string().max(4096), text: z.string().max(1024) })
      .optional()
      .describe('The line of the policy that allows it.'),
    label: z.string().max(200).optional(),
    generation: z
      .string()
      .regex(/^([0-9a-f]{16}|none)$/)
      .describe('Under which the flow was judged last; `none` where that is not known any more.'),
    up: traffic.optional().describe('From the client. Absent where the kernel did not count.'),
    down: traffic.optional().describe('To the client.'),
  })
  .describe('An allowed flow that has ended.')

export type FlowRecord = z.infer<typeof flowRecord>

export interface FlowContext {
  readonly id: string
  readonly plan: Plan
  /** Under which the flow was judged last, where that is known. */
  readonly generation: string | undefined
  /** Names of the client's group that lead to the address. */
  readonly names: readonly string[]
}

/** The group that a client's flows belong to. */
export const clientGroup = (plan: Plan, client: string): string => groupOf(plan, parseAddress(client)).name

/** The record of a flow: by which name and line of the policy it was allowed, as far as that can be known. */
export function flowRecordOf(flow: EndedFlow, { id, plan, generation, names }: FlowContext): FlowRecord {
  const known = names.flatMap((name) => loggedName(name) ?? [])
  const name = known.length === 1 ? known[0] : undefined
  const protocol = protocolName(flow.protocol)
  const { client, address } = flow
  const decision = decide(plan, {
    client,
    address,
    protocol,
    ...(name === undefined ? {} : { name }),
    ...(flow.port === undefined ? {} : { port: flow.port }),
  })
  const isAllowed = decision.verdict === 'allow'
  return {
    schema: FLOW_SCHEMA,
    event: 'flow',
    id,
    time: new Date(flow.end).toISOString(),
    ...(flow.start === undefined
      ? {}
      : { start: new Date(flow.start).toISOString(), seconds: Math.max(0, flow.end - flow.start) / 1000 }),
    client,
    ...(flow.clientPort === undefined ? {} : { clientPort: flow.clientPort }),
    group: decision.group,
    ...(name === undefined ? {} : { name }),
    ...(known.length < 2 ? {} : { names: known.slice(0, MAX_NAMES) }),
    address,
    ...(flow.port === undefined ? {} : { port: flow.port }),
    protocol,
    verdict: 'allow',
    ...(isAllowed ? { reason: decision.reason } : {}),
    ...(isAllowed && decision.rule !== undefined ? { rule: decision.rule } : {}),
    ...(decision.label === undefined ? {} : { label: decision.label }),
    generation: generation ?? 'none',
    ...(flow.up === undefined ? {} : { up: flow.up }),
    ...(flow.down === undefined ? {} : { down: flow.down }),
  }
}
