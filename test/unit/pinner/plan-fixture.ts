import { LoadedPlan } from '../../../src/pinner/policy/loaded-plan.ts'
import { PolicyState } from '../../../src/pinner/policy/policy-state.ts'
import { compilePlan } from '../../../src/plan/index.ts'
import type { PlanSettings } from '../../../src/plan/types.ts'
import { parsePolicy } from '../../../src/policy/index.ts'
import { planSettings } from '../../support/plan-settings.ts'

export const SETTINGS = planSettings({ listenAddresses: ['10.77.0.1'] })

export interface PolicyParts {
  readonly domains?: readonly unknown[]
  readonly ips?: readonly unknown[]
  readonly deny?: readonly string[]
  readonly settings?: Partial<PlanSettings>
}

/** A real, compiled Plan of a small policy. */
export function loadedPlan({ domains = [], ips = [], deny = [], settings = {} }: PolicyParts): LoadedPlan {
  const text = JSON.stringify({ version: 1, allow: { domains, ips, ports: [443] }, deny: { domains: deny } })
  const { policy } = parsePolicy(Buffer.from(text))
  return new LoadedPlan('/unused', compilePlan(policy, { ...SETTINGS, ...settings }, {}))
}

export const NO_NETWORKS = { hold: () => false }

export function stateWith(active: PolicyParts, staged?: PolicyParts): PolicyState {
  const state = new PolicyState(NO_NETWORKS)
  state.set(loadedPlan(active), staged === undefined ? undefined : loadedPlan(staged))
  return state
}
