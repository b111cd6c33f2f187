import type { Layout } from '../base/layout.ts'
import { services, UNIT_NAMES, withLock } from '../services/index.ts'
import { handle, LOCK_WAIT_MS } from './handler.ts'
import { recallInput } from './handler-input.ts'

/**
 * After an upgrade: every program runs in the version that is installed, and what is live is compiled by it. The table
 * stays in the kernel meanwhile, and a program that does not start under what the old version left is mended by the
 * commit that follows. Returns what to tell the operator; throws ClawgressError.
 */
export async function reactivate(layout: Layout): Promise<string> {
  const input = recallInput(layout)
  const units = services(layout)
  const restart = async () => {
    // The commit below starts, or complains of, one that does not start now.
    for (const unit of UNIT_NAMES) await units.restart(unit).catch(() => undefined)
  }
  await withLock(layout, LOCK_WAIT_MS, restart, 'running the installed version')
  return handle({ ...input, dry_run: false }, layout)
}
