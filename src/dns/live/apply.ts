import { existsSync, statSync } from 'node:fs'
import { ClawgressError } from '../../base/errors.ts'
import type { Layout } from '../../base/layout.ts'
import { installConf, installZone, isInstalled, readState, removeStrayZones } from '../files/install.ts'
import { installTransition } from '../files/transition.ts'
import { namedPaths } from '../paths.ts'
import type { ViewState, ZoneState } from '../zones/state.ts'
import { canaryName, ZONES, type ZoneName } from '../zones/zone-names.ts'
import { awaitCanaries, awaitCanary, awaitDenial, entriesOf, poll, proofTime, withProbe } from './await.ts'
import type { ViewProbe } from './probe.ts'
import { withRndc } from './rndc.ts'
import { namedTimes } from './statistics.ts'

/** What had to be done; nothing where the generation was live already. */
export interface Applied {
  readonly reconfigured: boolean
  /** `b of g0`, in the order they were loaded. */
  readonly reloaded: readonly string[]
}

export interface ApplyZonesOptions {
  /** Milliseconds until the generation must be live; absent: by the size of the zones. */
  readonly timeout?: number
  /** Named has just been started with the generation: what it is loading need not be loaded a second time. */
  readonly isLoading?: boolean
}

/**
 * Makes the running named hold a prepared generation, and proves it. Looks at what named really answers before it
 * touches anything, so it converges from any state that an interrupted call has left. Throws `apply.proof`,
 * `apply.service`, `apply.disk-full` or `system.unreachable`; then some views may hold the new generation and some the
 * old one, and the caller applies the previous generation in the same way.
 */
export async function applyZones(
  layout: Layout,
  generation: string,
  options: ApplyZonesOptions = {},
): Promise<Applied> {
  const state = readState(layout, generation)
  const { timeout = proofTime(entriesOf(state)), isLoading = false } = options
  const deadline = performance.now() + timeout
  if (isLoading) await awaitLoading(state, deadline - timeout / 2)
  const reconfigured = await applyConf(layout, generation, state, deadline)
  const reloaded: string[] = []
  const apply = { layout, generation, state, deadline, reloaded }
  await Promise.all(state.views.map((view) => withProbe(view.groupId, (probe) => applyView({ ...apply, view, probe }))))
  removeStrayZones(layout, state)
  return { reconfigured, reloaded }
}

/** Waits for a named that has just been started with a generation to hold its zones, `deadline` as of `poll`. */
async function awaitLoading(state: ZoneState, deadline: number): Promise<void> {
  try {
    await awaitCanaries(state, deadline)
  } catch (error) {
    // Zones that it did not load are loaded again in the time that is left, and what stays wrong is reported then.
    if (!(error instanceof ClawgressError)) throw error
  }
}

/** Milliseconds until named, busy with large zones, must have answered on its control port. */
const CONNECT_TIMEOUT = 30_000

/** On a connection of its own: named closes one that is idle for half a minute, and a large zone takes longer to load. */
const command = (layout: Layout, words: readonly string[]): Promise<string> =>
  withRndc(layout, (rndc) => rndc.command(words), CONNECT_TIMEOUT)

async function applyConf(layout: Layout, generation: string, state: ZoneState, deadline: number): Promise<boolean> {
  const paths = namedPaths(layout)
  for (const { view } of state.views)
    for (const zone of ZONES) if (!existsSync(paths.liveZone(view, zone))) installZone(layout, generation, view, zone)
  const changed = installConf(layout, generation)
  if (!changed && (await namedTimes(deadline - performance.now())).configTime.getTime() >= statSync(paths.conf).mtimeMs)
    return false
  await command(layout, ['reconfig'])
  return true
}

interface ViewApply {
  readonly layout: Layout
  readonly generation: string
  readonly state: ZoneState
  readonly deadline: number
  readonly reloaded: string[]
  readonly view: ViewState
  readonly probe: ViewProbe
}

/**
 * A base that changes goes first, under the old overlay and under the revocations of both generations: a name that
 * either of them revokes is never let through by the other's base.
 */
async function applyView(apply: ViewApply): Promise<void> {
  const { view, probe, deadline } = apply
  if (!(await isLive(apply, 'b'))) {
    const transition = installTransition(apply.layout, apply.generation, view)
    if (transition !== undefined) await reload(apply, 'r', transition)
    installZone(apply.layout, apply.generation, view.view, 'b')
    await reload(apply, 'b', canaryName('b', view.zones.b.hash))
  }
  const stale: ZoneName[] = []
  for (const zone of ['g', 'r', 'o', 'd'] as const) if (!(await isLive(apply, zone))) stale.push(zone)
  for (const zone of stale) installZone(apply.layout, apply.generation, view.view, zone)
  for (const zone of stale) await startReload(apply, zone)
  for (const zone of ['g', 'r', 'o', 'b'] as const) await awaitCanary(probe, view, zone, deadline)
  await awaitDenial(probe, view.view, apply.state.denyAnswer, deadline)
}

/** Does named answer from this zone's contents already? Then the file is put right at most, without a reload. */
async function isLive({ layout, generation, state, view, probe }: ViewApply, zone: ZoneName): Promise<boolean> {
  const live =
    zone === 'd'
      ? (await probe.denial()) === state.denyAnswer
      : await probe.sees(canaryName(zone, view.zones[zone].hash))
  if (live && !isInstalled(layout, generation, view.view, zone)) installZone(layout, generation, view.view, zone)
  return live
}

async function startReload({ layout, view, reloaded }: ViewApply, zone: ZoneName): Promise<void> {
  reloaded.push(`${zone} of ${view.view}`)
  await command(layout, ['reload', zone, 'IN', view.view])
}

async function reload(apply: ViewApply, zone: ZoneName, canary: string): Promise<void> {
  await startReload(apply, zone)
  // What fails to come into force in time is reported where the zone's own canary is awaited.
  await poll(() => apply.probe.sees(canary), apply.deadline)
}
