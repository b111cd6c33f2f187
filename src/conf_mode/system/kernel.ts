import type { Prefix } from '../../base/address.ts'
import { replaceWhole } from '../../base/atomic-file.ts'
import { generationFiles } from '../../base/layout.ts'
import {
  applyRuleset,
  type ClosedSettings,
  checkRuleset,
  liveRuleset,
  NO_OBJECTS,
  nextMark,
  printClosedRuleset,
  printRuleset,
  readLiveObjects,
} from '../../firewall/index.ts'
import type { Plan } from '../../plan/index.ts'
import type { Generation } from '../generation.ts'
import type { NetworkInterface } from './system-facts.ts'

/** On-link prefixes by interface: DNS is turned to the listen address that the client has on its own link. */
const networksOf = (interfaces: readonly NetworkInterface[]): Map<string, Prefix[]> =>
  new Map(interfaces.map(({ name, addresses }) => [name, addresses.map(({ prefix }) => prefix)]))

/**
 * Loads default deny where no table of ours is in force, so that nothing gets out while the rest comes up. Returns
 * whether it had to: then all pins are gone.
 */
export async function closeIfOpen(plan: Plan): Promise<boolean> {
  const live = liveRuleset()
  if (live.present && live.intact) return live.closed
  await loadClosed(plan)
  return true
}

/** Default deny for the client interfaces of a Plan's settings in place of whatever ruleset of ours stands. */
export const loadClosed = ({ settings }: { settings: ClosedSettings }): Promise<void> =>
  applyRuleset(printClosedRuleset(settings, readLiveObjects()))

/** Asks the kernel whether it would take the ruleset of a Plan; loads nothing. */
export async function checkPlanRuleset(plan: Plan, interfaces: readonly NetworkInterface[]): Promise<void> {
  await checkRuleset(printRuleset(plan, { mark: 1, live: readLiveObjects(), networks: networksOf(interfaces) }))
}

/** Loads the generation's ruleset under a number that no open flow carries. One transaction; pins that stay are kept. */
export async function loadRuleset(generation: Generation, interfaces: readonly NetworkInterface[]): Promise<void> {
  const { plan } = generation
  const mark = nextMark(plan.settings.markMask, liveRuleset().mark)
  const networks = networksOf(interfaces)
  const files = generationFiles(generation.folder)
  // What the guard loads when another program has removed the table.
  replaceWhole(files.closed, printClosedRuleset(plan.settings), 0o600)
  replaceWhole(files.ruleset, printRuleset(plan, { mark, live: NO_OBJECTS, networks }), 0o600)
  await applyRuleset(printRuleset(plan, { mark, live: readLiveObjects(), networks }))
}
