import { join } from 'node:path'
import { fail } from '../base/errors.ts'
import { type Layout, runtimePaths } from '../base/layout.ts'
import { liveId } from '../conf_mode/generation.ts'
import { soleFile } from '../conf_mode/policy/policy-sources.ts'
import type { ApiViews } from '../daemon/api/context.ts'
import type { DaemonFacts } from '../daemon/run.ts'
import { type GuardSight, readGuardReport } from '../services/index.ts'
import type { LivePlan } from './policy/live-plan.ts'
import { exportedPolicy } from './policy/policy-export.ts'
import { testDecision } from './policy/test-domain.ts'
import { showVersionDifference } from './policy/version-difference.ts'
import { showVersions } from './policy/versions.ts'
import { statusData } from './status/status.ts'
import { gatherStatus, type KnownFacts } from './status/status-facts.ts'

const UNSEEN = { unknown: 'The guard, which looks at it, has not reported for 10 s. Enter "restart clawgress".' }

/** What the operational commands show, for the API: seen with the guard's eyes, because the daemon is not root. */
export function apiViews(layout: Layout, { live, status }: DaemonFacts): ApiViews {
  // A large policy takes a second to print, and may be asked for any number of times.
  let printed: ReturnType<typeof exportedPolicy> | undefined
  return {
    status: async () => {
      const known = { ...seenByGuard(layout, live()), live: live(), daemon: status() }
      return statusData(await gatherStatus(layout, known))
    },
    policy: () => {
      const generation =
        liveId(layout) ?? fail('config.missing', 'No policy is live; configure service clawgress first.')
      const file = soleFile(join(runtimePaths(layout).generations, generation))
      if (file !== undefined) return { generation, file }
      if (printed?.generation !== generation) printed = exportedPolicy(layout)
      return printed
    },
    versions: () => showVersions(layout).data as object[],
    test: (plan, question) => testDecision(plan, question).data,
    difference: (from, to) => showVersionDifference(layout, from, to).data as object,
  }
}

function seenByGuard(layout: Layout, live: LivePlan | undefined): Pick<KnownFacts, 'sight' | 'policyFile'> {
  const report = readGuardReport(layout, Date.now())
  if (report === undefined)
    return { sight: { ruleset: UNSEEN, counters: UNSEEN, units: UNSEEN }, policyFile: 'unknown' }
  if (live === undefined || report.seenAt > live.since.getTime())
    return { sight: report, policyFile: policyFileState(report) }
  // A commit that ended after the guard's last look has itself proven what the kernel holds.
  const ruleset = { present: true, intact: true, closed: false, generation: live.plan.generation }
  return { sight: { ...report, ruleset }, policyFile: 'unknown' }
}

const policyFileState = ({ policyFile: seen }: GuardSight): KnownFacts['policyFile'] =>
  seen === undefined || 'unknown' in seen || seen.state === 'none' ? 'unknown' : seen.state
