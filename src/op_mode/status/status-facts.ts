import { existsSync, readFileSync } from 'node:fs'
import { ClawgressError, fail } from '../../base/errors.ts'
import { type Layout, runtimePaths } from '../../base/layout.ts'
import { askDaemon, type DaemonStatus } from '../../daemon/status.ts'
import { type Counters, type LiveRuleset, liveRuleset, readCounters } from '../../firewall/index.ts'
import { PinnerUnreachable } from '../../pinner/control-client.ts'
import type { Plan } from '../../plan/types.ts'
import { lookForUntracked, PolicyFileWatch, services, type UnitStatus, type Untracked } from '../../services/index.ts'
import { type Alert, recentAlerts } from '../alerts.ts'
import { askPinner, type PinnerFacts } from '../pins.ts'
import { findLivePlan, type LivePlan } from '../policy/live-plan.ts'

/** Everything the status tells, as found; what could not be found out is a sentence instead. */
export interface StatusFacts {
  readonly plan?: Plan
  readonly since?: Date
  readonly ruleset: LiveRuleset | Unknown
  readonly counters: Counters | Unknown
  readonly units: readonly UnitStatus[] | Unknown
  /** Absent where nobody looked. */
  readonly untracked?: readonly Untracked[] | Unknown
  readonly pins: PinnerFacts | Unknown
  readonly daemon: DaemonStatus | undefined
  /** How the policy file compares with the one that is live. */
  readonly policyFile: 'same' | 'changed' | 'missing' | 'unknown'
  /** An apply was begun and not ended. */
  readonly isApplying: boolean
  /** An import goes back to the previous policy at this time, unless it is confirmed. */
  readonly unconfirmedUntil: string | undefined
  readonly alerts: readonly Alert[]
}

export interface Unknown {
  readonly unknown: string
}

export const isKnown = <Value extends object>(value: Value | Unknown): value is Value => !('unknown' in value)

/** What only root can see. */
export type Sight = Pick<StatusFacts, 'ruleset' | 'counters' | 'units' | 'untracked'>

/** What a caller knows already, so that nobody is asked for it. */
export interface KnownFacts {
  readonly sight: Sight
  readonly live: LivePlan | undefined
  readonly daemon: DaemonStatus
  /** Whoever may not read the policy file cannot compare it. */
  readonly policyFile: StatusFacts['policyFile']
}

/** Asks every part, each for a bounded time; a part that does not answer does not hide the others. */
export async function gatherStatus(layout: Layout, known?: KnownFacts): Promise<StatusFacts> {
  const live = known === undefined ? findLivePlan(layout) : known.live
  const [sight, pins, daemon, policyFile] = await Promise.all([
    known?.sight ?? look(layout),
    orUnknown(() => askPinner(layout).catch(inStatus)),
    known?.daemon ?? askDaemon(layout),
    known?.policyFile ?? comparePolicyFile(layout),
  ])
  return {
    ...live,
    ...sight,
    pins,
    daemon,
    policyFile,
    isApplying: existsSync(runtimePaths(layout).intent),
    unconfirmedUntil: readConfirmation(layout),
    alerts: recentAlerts(runtimePaths(layout).alerts, Date.now()),
  }
}

async function look(layout: Layout): Promise<Sight> {
  return {
    ruleset: await orUnknown(liveRuleset),
    counters: await orUnknown(readCounters),
    units: await orUnknown(() => services(layout).status()),
    untracked: await orUnknown(lookForUntracked),
  }
}

function readConfirmation(layout: Layout): string | undefined {
  try {
    const { deadline } = JSON.parse(readFileSync(runtimePaths(layout).confirmation, 'utf8')) as { deadline: unknown }
    return typeof deadline === 'string' ? deadline : undefined
  } catch {
    // Nothing waits for a confirmation, or it ends this moment.
    return undefined
  }
}

/** The sentence of an unreachable pinner sends its reader to the status. */
function inStatus(error: unknown): never {
  if (!(error instanceof PinnerUnreachable)) throw error
  return fail('system.unreachable', `The service clawgress-pinner does not answer (${error.why}).`)
}

async function orUnknown<Value>(ask: () => Value | Promise<Value>): Promise<Value | Unknown> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof ClawgressError)) throw error
    return { unknown: error.problems[0]!.message }
  }
}

/** As the guard compares them. Whoever may not read the file cannot tell. */
const comparePolicyFile = (layout: Layout): Promise<StatusFacts['policyFile']> =>
  new PolicyFileWatch(layout).look().then(
    ({ state }) => (state === 'none' ? 'unknown' : state),
    () => 'unknown' as const,
  )
