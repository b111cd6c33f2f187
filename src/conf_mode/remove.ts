import { rmSync } from 'node:fs'
import { type Layout, runtimePaths } from '../base/layout.ts'
import { removeTable } from '../firewall/index.ts'
import { services } from '../services/index.ts'
import { currentGeneration } from './generation.ts'
import { handlerInputFile } from './handler-input.ts'

/** Stops every program and removes the table and all runtime state; policy file and history stay. Idempotent. */
export async function removeEnforcement(layout: Layout): Promise<void> {
  const paths = runtimePaths(layout)
  // Without these two the guard would put the ruleset back.
  rmSync(paths.current, { force: true })
  rmSync(paths.intent, { force: true })
  await services(layout).stopAll()
  await removeTable()
  for (const path of [paths.generations, paths.journal, paths.pinnerState, layout.named])
    rmSync(path, { recursive: true, force: true })
}

/** The node was deleted or disabled: as if it had never been, except for the operator's files. Says what it did. */
export async function removeEverything(layout: Layout): Promise<string> {
  const enforced = currentGeneration(layout) !== undefined
  await removeEnforcement(layout)
  rmSync(runtimePaths(layout).closedRuleset, { force: true })
  rmSync(handlerInputFile(layout), { force: true })
  return enforced ? 'Clawgress is off: clients are no longer policed.' : ''
}
