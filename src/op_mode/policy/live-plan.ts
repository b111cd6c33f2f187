import { existsSync, lstatSync, readlinkSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fail } from '../../base/errors.ts'
import { type Layout, runtimePaths } from '../../base/layout.ts'
import { loadPlan } from '../../plan/index.ts'
import type { Plan } from '../../plan/types.ts'

export interface LivePlan {
  readonly plan: Plan
  /** When its generation was proven and switched to. */
  readonly since: Date
}

/** The Plan that is proven live, or undefined where no generation is. Throws `policy.file` where it is damaged. */
export function findLivePlan(layout: Layout): LivePlan | undefined {
  const { current } = runtimePaths(layout)
  let target: string
  let since: Date
  try {
    target = resolve(dirname(current), readlinkSync(current))
    since = lstatSync(current).mtime
  } catch {
    // Every user may look there: nothing is live.
    return undefined
  }
  return { plan: loadPlan(join(target, 'plan')), since }
}

/** As `findLivePlan`; throws `system.unreachable` where there is none. */
export const livePlan = (layout: Layout): LivePlan =>
  findLivePlan(layout) ?? fail('system.unreachable', isDisabled(layout) ? DISABLED : NOTHING_LIVE)

/** Did the last commit turn the gateway off, and leave it in the configuration? */
export const isDisabled = (layout: Layout): boolean => existsSync(runtimePaths(layout).disabled)

export const DISABLED =
  'Clawgress is disabled in the configuration (service clawgress disable), so clients are not policed; delete that node and commit to police them.'

const SET_UP = 'Set "service clawgress policy-file" and "service clawgress client interface", and commit.'
const NOTHING_LIVE = `No policy is live on this machine. ${SET_UP}`
export const NOT_CONFIGURED = `Clawgress is not configured on this machine, or was never committed with success: clients are not policed. ${SET_UP}`
