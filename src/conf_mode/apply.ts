import { type Layout, runtimePaths } from '../base/layout.ts'
import { settleAll } from '../base/settle.ts'
import { applyZones, flushNames, installGeneration, viewName } from '../dns/index.ts'
import { forgetStaleQueries } from '../firewall/index.ts'
import { PinnerClient } from '../pinner/control-client.ts'
import { type Services, services, type UnitName } from '../services/index.ts'
import { checkpoint } from './checkpoint.ts'
import type { Generation } from './generation.ts'
import { turnAccountingOn } from './system/connection-accounting.ts'
import { closeIfOpen, loadRuleset } from './system/kernel.ts'
import type { NetworkInterface } from './system/system-facts.ts'
import { writeUlogdConf } from './ulogd.ts'

/** What an apply did to what was open. */
export interface Applied {
  /** Open flows that the new generation does not allow, told so at both ends. */
  readonly flowsReset: number
  /** Milliseconds from handing the ruleset to the kernel until both ends of the last of them had been told. */
  readonly resetMs: number
}

export interface ApplyOptions {
  /**
   * An apply before this one was cut off: the pinner may have named names to be flushed that nobody flushed, and such a
   * name would later be answered from named's cache without a pin.
   */
  readonly afterInterruption: boolean
}

/**
 * Brings pinner, kernel and named to a generation, from whatever they hold now: removals pinner, kernel, RPZ, cache;
 * additions kernel, pinner, RPZ. Between the steps only what both the old and the new generation allow gets out.
 */
export async function applyGeneration(
  layout: Layout,
  target: Generation,
  interfaces: readonly NetworkInterface[],
  { afterInterruption }: ApplyOptions,
): Promise<Applied> {
  const units = services(layout)
  const lost = await closeIfOpen(target.plan)
  checkpoint('closed')
  const started = startNamed(layout, target, units)
  await settleAll([started, units.ensure('clawgress-pinner'), startRecorders(layout, units)])
  const bringZones = async () => applyZones(layout, target.id, { isLoading: await started })
  const pinner = new PinnerClient(runtimePaths(layout).pinnerSocket)
  const fresh = (await pinner.status()).generation === undefined
  // Nobody's questions reach named before its zones are live: the ruleset that comes next opens DNS.
  if (fresh) await bringZones()
  else await pinner.stage(target.folder)
  checkpoint('staged')
  const committed = performance.now()
  await loadRuleset(target, interfaces)
  // What clients asked elsewhere before there was a table would stay with the resolver that it went to.
  if (lost) forgetStaleQueries(target.plan.settings)
  checkpoint('kernel')
  const activated = fresh ? await pinner.load(target.folder) : await pinner.activate()
  const resetMs = performance.now() - committed
  const restored = lost ? await pinner.restore() : undefined
  checkpoint('activated')
  if (!fresh) await bringZones()
  checkpoint('zones')
  const everything = target.plan.groups.map(({ id }) => ({ id, names: 'all' as const }))
  const flush = afterInterruption || fresh ? everything : [...activated.flush, ...(restored?.flush ?? [])]
  for (const { id, names } of flush) await flushNames(layout, viewName(id), names)
  checkpoint('flushed')
  return { flowsReset: activated.probed, resetMs }
}

/**
 * A named that does not run starts with the new zones; one that runs gets them later, when the pinner judges by them.
 * True where it was started here, so that it loads the new zones; one that comes back by itself may have read the old.
 */
async function startNamed(layout: Layout, target: Generation, units: Services): Promise<boolean> {
  const { state } = (await units.status()).find(({ name }) => name === 'clawgress-named')!
  if (state !== 'running') installGeneration(layout, target.id)
  await units.ensure('clawgress-named')
  return state === 'stopped' || state === 'failed'
}

const RECORDERS: readonly UnitName[] = ['clawgress-log', 'clawgressd', 'clawgress-guard']

async function startRecorders(layout: Layout, units: Services): Promise<void> {
  turnAccountingOn(layout)
  const changed = writeUlogdConf(layout)
  if (changed) await units.restart('clawgress-log')
  await Promise.all(RECORDERS.map((unit) => units.ensure(unit)))
}
