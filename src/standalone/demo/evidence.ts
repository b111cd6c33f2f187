import { join } from 'node:path'
import { runtimePaths } from '../../base/layout.ts'
import type { DecisionRecord } from '../../daemon/records/kinds/record.ts'
import { decide, loadPlan, type Question } from '../../plan/index.ts'
import type { Lab } from '../lab/lab.ts'

/** Why something happened, in the words of the gateway. */
export interface Evidence {
  readonly reason: string
  /** Where the line stands in the policy: `$.allow.domains[0]`. */
  readonly rule?: string
  readonly label?: string
}

/** What the live Plan says about a question: the answer of `clawgress policy test`. */
export function planSays(lab: Lab, question: Question): Evidence {
  const plan = loadPlan(join(runtimePaths(lab.gateway.layout).current, 'plan'))
  const { reason, rule, label } = decide(plan, question)
  return toEvidence(reason, rule, label)
}

export interface Trace {
  readonly client: string
  /** Milliseconds since the epoch: records of what was earlier are not of this attempt. */
  readonly since: number
  /** Asked name, or address and port. */
  readonly name?: string
  readonly address?: string
  readonly port?: number
}

const RECORD_DEADLINE_MS = 4000

/** Waits for the newest deny record of the attempt. Undefined where the gateway wrote none in time. */
export async function denyRecord(lab: Lab, trace: Trace): Promise<Evidence | undefined> {
  const deadline = Date.now() + RECORD_DEADLINE_MS
  for (;;) {
    const record = (await lab.gateway.records()).reverse().find((candidate) => belongs(candidate, trace))
    if (record !== undefined) return toEvidence(record.reason, record.rule, record.label)
    if (Date.now() > deadline) return undefined
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

function belongs(record: DecisionRecord, trace: Trace): boolean {
  if (Date.parse(record.time) < trace.since) return false
  if (record.client !== undefined && record.client !== trace.client) return false
  if (trace.name !== undefined) return record.name === trace.name
  return record.address === trace.address && record.port === trace.port
}

function toEvidence(reason: string, rule: { path: string } | undefined, label: string | undefined): Evidence {
  return {
    reason,
    ...(rule === undefined ? {} : { rule: rule.path }),
    ...(label === undefined ? {} : { label }),
  }
}
