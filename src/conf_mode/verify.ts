import { ClawgressError, type Problem } from '../base/errors.ts'
import type { Layout } from '../base/layout.ts'
import { settleAll } from '../base/settle.ts'
import type { AlertSettings } from '../daemon/alerts/settings.ts'
import type { ApiSettings } from '../daemon/api/settings.ts'
import type { WhySettings } from '../daemon/why/settings.ts'
import { compilePlan, type Plan } from '../plan/index.ts'
import type { Policy } from '../policy/index.ts'
import type { HandlerInput } from './handler-input.ts'
import { type PolicySources, readPolicy } from './policy/policy-sources.ts'
import { readAlertSettings, unknownGroupWarnings } from './settings/alert-settings.ts'
import { apiService, readApiSettings } from './settings/api-settings.ts'
import { readSettings } from './settings/settings.ts'
import { readWhyPage, whyPagePlan } from './settings/why-page-settings.ts'
import { readSystemFacts, type SystemFacts } from './system/system-facts.ts'

/** A configuration that was found right, with the Plan it means. */
export interface Verified {
  readonly plan: Plan
  readonly policy: Policy
  readonly sources: PolicySources
  readonly warnings: readonly Problem[]
  readonly facts: SystemFacts
  /** How the daemon serves the API; undefined where none is configured. */
  readonly api: ApiSettings | undefined
  /** How the daemon serves the why page; undefined where it is turned off. */
  readonly why: WhySettings | undefined
  /** What is alerted of beside the built-in alerts, and who is told. */
  readonly alerts: AlertSettings | undefined
}

/**
 * Checks configuration, router and policy without touching anything, and reports every problem at once
 * (ClawgressError). What it returns can be generated and applied. `candidate` is judged in place of the policy file.
 */
export async function verify(
  { proposed, pki }: Pick<HandlerInput, 'proposed' | 'pki'>,
  layout: Layout,
  candidate?: Buffer,
): Promise<Verified> {
  const config = proposed ?? {}
  const problems: Problem[] = []
  // The programs that tell the facts run while the policy is read.
  const [facts, found] = await settleAll([
    readSystemFacts(),
    collect(problems, () => readPolicy(layout, config, candidate)),
  ])
  const { settings, warnings, ...about } = readSettings(config, facts, layout)
  const api = readApiSettings(config, pki, facts)
  const why = readWhyPage(config, pki, facts, settings.plan.listenAddresses)
  const alerts = readAlertSettings(config, pki)
  problems.unshift(...about.problems, ...api.problems, ...why.problems, ...alerts.problems)
  if (problems.length > 0 || found === undefined) throw new ClawgressError(problems)
  const { file, nodes } = found.sources
  const plan = compilePlan(
    found.policy,
    { ...settings.plan, ...apiService(api), ...whyPagePlan(why) },
    {
      ...(file === undefined ? {} : { policyFile: file.path }),
      ...(nodes === undefined ? {} : { config: true }),
    },
  )
  const everyWarning = [
    ...warnings,
    ...api.warnings,
    ...why.warnings,
    ...alerts.warnings,
    ...unknownGroupWarnings(alerts.settings, plan),
    ...found.warnings,
  ]
  return {
    ...found,
    warnings: everyWarning,
    plan,
    facts,
    api: api.settings,
    why: why.settings,
    alerts: alerts.settings,
  }
}

/** Asynchronous so that whatever else `read` throws is thrown when all that runs meanwhile is over. */
async function collect<T>(problems: Problem[], read: () => T): Promise<T | undefined> {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof ClawgressError)) throw error
    problems.push(...error.problems)
    return undefined
  }
}
