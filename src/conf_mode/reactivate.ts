import type { Layout } from '../base/layout.ts'
import { services, UNIT_NAMES, withLock } from '../services/index.ts'
import { inSentences } from './failure.ts'
import { enforce, LOCK_WAIT_MS } from './handler.ts'
import { recallInput } from './handler-input.ts'

/**
 * After an upgrade: every program runs in the version that is installed, and what is live is compiled by it. The table
 * stays in the kernel meanwhile, and a program that does not start under what the old version left is mended by the
 * commit that follows. Returns what to tell the operator; throws ClawgressError.
 */
export function reactivate(layout: Layout): Promise<string> {
  const units = services(layout)
  const work = async () => {
    // Under the lock: what another commit makes live while this one waits for it must not be undone.
    const input = recallInput(layout)
    // What follows starts, or complains of, one that does not start now.
    for (const unit of UNIT_NAMES) await units.restart(unit).catch(() => undefined)
    const { settled, warnings, said } = await enforce({ ...input, effective: input.proposed }, layout)
    return [...settled, ...warnings, said].join('\n')
  }
  return withLock(layout, LOCK_WAIT_MS, () => inSentences(work), 'running the installed version')
}
