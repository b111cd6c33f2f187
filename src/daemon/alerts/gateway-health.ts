import type { PinnerStatus } from '../../pinner/control-client.ts'
import type { Plan } from '../../plan/types.ts'
import type { GuardSight } from '../../services/index.ts'
import type { Condition } from './alert.ts'

/** What comes back by itself is back sooner, milliseconds; what lasts longer is told. */
const SETTLE_MS = 10_000
/** A commit, restart or upgrade that is under way may stop and start a service, which takes some longer, milliseconds. */
const CHANGE_MS = 60_000
/** The guard is started anew before that. */
const GUARD_SETTLE_MS = 20_000
/** Unanswered questions in a row. */
const FAILURES = 3

/** Services that do not run. Undefined: nobody has looked. */
export function stoppedServices(sight: GuardSight | undefined): Condition[] | undefined {
  if (sight === undefined) return [stopped('clawgress-guard', 'does not report', undefined, GUARD_SETTLE_MS)]
  const { units, isChanging } = sight
  if ('unknown' in units) return undefined
  return units
    .filter(({ state }) => state !== 'running')
    .map(({ name, state, lastExit }) =>
      stopped(name, `is ${state}`, lastExit, isChanging === true ? CHANGE_MS : SETTLE_MS),
    )
}

const stopped = (service: string, what: string, lastExit: string | undefined, forMs: number): Condition => ({
  event: 'service.down',
  labels: { service },
  severity: 'critical',
  summary: `${service} ${what}.${lastExit === undefined ? '' : ` It ended last with ${lastExit}.`}`,
  description: 'Look at "show clawgress status", then enter "restart clawgress".',
  forMs,
})

/** Whether the kernel holds what was proven. Undefined: nobody has looked, or nothing was ever proven. */
export function unprovenGeneration(sight: GuardSight | undefined, live: Plan | undefined): Condition[] | undefined {
  if (sight === undefined || 'unknown' in sight.ruleset || live === undefined) return undefined
  const { present, intact, closed, generation } = sight.ruleset
  const what = !present
    ? 'The firewall table is missing'
    : !intact
      ? 'The firewall table was changed by another program'
      : closed
        ? 'Everything is denied to clients, because no policy stands in the kernel'
        : generation === live.generation
          ? undefined
          : `The kernel carries generation ${generation ?? 'none'}`
  if (what === undefined) return []
  return [
    {
      event: 'generation.not-proven',
      labels: { cause: 'kernel' },
      severity: 'critical',
      summary: `${what}; ${live.generation} was proven last.`,
      description: 'Enter "restart clawgress", or commit again.',
      forMs: SETTLE_MS,
    },
  ]
}

/** A policy file that is not what was activated. Undefined: nobody has compared it. */
export function changedPolicyFile(sight: GuardSight | undefined): Condition[] | undefined {
  const seen = sight?.policyFile
  if (seen === undefined || 'unknown' in seen) return undefined
  if (seen.state === 'same' || seen.state === 'none') return []
  const isGone = seen.state === 'missing'
  return [
    {
      event: 'policy-file.changed',
      labels: { file: seen.path },
      severity: 'warning',
      summary: isGone
        ? `The policy file ${seen.path} is gone; the policy it held stays in force.`
        : `The policy file ${seen.path} was edited and not imported; the policy in force is the one before.`,
      description: isGone
        ? 'Put it back, or a reboot or commit will refuse.'
        : `Activate it with "clawgress policy import ${seen.path}", or put the old one back with "clawgress policy rollback".`,
      forMs: SETTLE_MS,
    },
  ]
}

/** Configured name servers that do not answer. Undefined: the pinner did not say. */
export const failingNameServers = (servers: PinnerStatus['nameServers'] | undefined): Condition[] | undefined =>
  servers
    ?.filter(({ failuresInRow }) => failuresInRow >= FAILURES)
    .map(({ address, port, failuresInRow, lastError }) => ({
      event: 'upstream.failing',
      labels: { server: address, port: String(port) },
      severity: 'warning',
      summary: `The name server ${address} has not answered the last ${failuresInRow} questions${lastError === undefined ? '' : ` (${lastError})`}.`,
      description: 'Check its address, its certificate and the way to it; listed names do not resolve through it.',
      forMs: SETTLE_MS,
    }))
