import { rmSync } from 'node:fs'
import { type Layout, runtimePaths } from '../base/layout.ts'
import { removeTable } from '../firewall/index.ts'
import { appendCommit, services } from '../services/index.ts'
import { putAccountingBack } from './connection-accounting.ts'
import { currentGeneration } from './generation.ts'

/** Stops every program and removes the table and all runtime state; policy file and history stay. Idempotent. */
export async function removeEnforcement(layout: Layout): Promise<void> {
  await stopPrograms(layout)
  await removeTable()
  removeState(layout)
}

/** As `removeEnforcement`, but clients stay under the default deny that is loaded. */
export async function forget(layout: Layout): Promise<void> {
  await stopPrograms(layout)
  removeState(layout)
}

async function stopPrograms(layout: Layout): Promise<void> {
  // Without it the guard would put the ruleset back.
  rmSync(runtimePaths(layout).current, { force: true })
  await services(layout).stopAll()
}

function removeState(layout: Layout): void {
  const { generations, pinnerFolder, daemonFolder, intent } = runtimePaths(layout)
  for (const path of [generations, pinnerFolder, daemonFolder, layout.named])
    rmSync(path, { recursive: true, force: true })
  rmSync(intent, { force: true })
}

/** The node was deleted or disabled: as if it had never been, except for the operator's files. Says what it did. */
export async function removeEverything(layout: Layout, user: string): Promise<string> {
  const enforced = currentGeneration(layout) !== undefined
  // First, or the guard would load it when the table is gone.
  rmSync(runtimePaths(layout).closedRuleset, { force: true })
  await removeEnforcement(layout)
  putAccountingBack(layout)
  if (enforced) appendCommit(layout, { event: 'removed', user })
  return enforced ? 'Clawgress is off: clients are no longer policed.' : ''
}
