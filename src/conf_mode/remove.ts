import { rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Layout, runtimePaths } from '../base/layout.ts'
import { removeTable } from '../firewall/index.ts'
import { appendCommit, services } from '../services/index.ts'
import { liveId } from './generation.ts'
import { putAccountingBack } from './system/connection-accounting.ts'

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
  const paths = runtimePaths(layout)
  const folders = [paths.generations, paths.pinnerFolder, paths.daemonFolder, paths.guardFolder, layout.named]
  const rawRecords = dirname(paths.nflogRecords)
  const sockets = [paths.activationSocket, paths.supervisorSocket]
  const written = [paths.ulogdConfiguration, paths.guardReport]
  // The locks stay: whoever waits for one has it open, and would hold it beside the next one to make it anew.
  for (const path of [...folders, rawRecords, ...sockets, ...written, paths.intent])
    rmSync(path, { recursive: true, force: true })
  putAccountingBack(layout)
}

/** The node was deleted or disabled: as if it had never been, except for the operator's files. Says what it did. */
export async function removeEverything(layout: Layout, user: string, why: 'deleted' | 'disabled'): Promise<string> {
  noteDisabled(layout, why === 'disabled')
  const enforced = liveId(layout) !== undefined
  // First, or the guard would load it when the table is gone.
  rmSync(runtimePaths(layout).closedRuleset, { force: true })
  await removeEnforcement(layout)
  if (enforced) appendCommit(layout, { event: 'removed', user })
  return enforced ? 'Clawgress is off: clients are no longer policed.' : ''
}

/** For the status: without it a gateway that is turned off looks like one that was never set up. Under the lock. */
export function noteDisabled(layout: Layout, isDisabled: boolean): void {
  const { disabled } = runtimePaths(layout)
  if (isDisabled) writeFileSync(disabled, '')
  else rmSync(disabled, { force: true })
}
