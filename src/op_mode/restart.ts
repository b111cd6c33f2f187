import type { Layout } from '../base/layout.ts'
import { services, UNIT_NAMES, withLock } from '../services/index.ts'
import type { Shown } from './format/shown.ts'
import { livePlan } from './policy/live-plan.ts'

/** Milliseconds to wait for a change that is under way. */
const WAIT = 30_000

/**
 * Restarts every service in start order; each does its work before the next is touched. The ruleset stays, so nothing
 * unlisted gets out meanwhile. Throws `apply.service` for the first that does not come back, `apply.busy` where another
 * change does not end.
 */
export async function restartServices(layout: Layout): Promise<Shown> {
  livePlan(layout)
  const all = services(layout)
  await withLock(
    layout,
    WAIT,
    async () => {
      for (const unit of UNIT_NAMES) await all.restart(unit)
    },
    'restarting the services',
  )
  return { data: { restarted: UNIT_NAMES }, text: `Restarted: ${UNIT_NAMES.join(', ')}.\n` }
}
