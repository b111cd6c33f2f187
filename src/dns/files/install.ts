import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fail } from '../../base/errors.ts'
import type { Layout } from '../../base/layout.ts'
import { namedPaths } from '../paths.ts'
import { parseZoneState, type ZoneState } from '../zones/state.ts'
import { ZONES, type ZoneName, zoneFile } from '../zones/zone-names.ts'
import { diskErrors, replaceByLink } from './write.ts'

/** State of a prepared generation. Throws `internal.bug` where it was not prepared or is damaged. */
export function readState(layout: Layout, generation: string): ZoneState {
  const file = namedPaths(layout).generationState(generation)
  if (!existsSync(file)) fail('internal.bug', `Generation ${generation} has no DNS zones; commit again.`, { file })
  return parseZoneState(readFileSync(file, 'utf8'))
}

/** Puts configuration and root hints of a generation in the live place; true where either differs from what was there. */
export function installConf(layout: Layout, generation: string): boolean {
  const paths = namedPaths(layout)
  return diskErrors(layout.named, () => {
    const hints = paths.generationHints(generation)
    const hintsChanged = existsSync(hints) && replaceIfDifferent(hints, paths.rootHints)
    return replaceIfDifferent(paths.generationConf(generation), paths.conf) || hintsChanged
  })
}

function replaceIfDifferent(source: string, target: string): boolean {
  if (existsSync(target) && readFileSync(source).equals(readFileSync(target))) return false
  replaceByLink(source, target)
  return true
}

/** Puts a zone of a generation in the live place, whatever is there. */
export function installZone(layout: Layout, generation: string, view: string, zone: ZoneName): void {
  const paths = namedPaths(layout)
  diskErrors(layout.named, () =>
    replaceByLink(paths.generationZone(generation, view, zone), paths.liveZone(view, zone)),
  )
}

/** Is the live file the generation's own? */
export function isInstalled(layout: Layout, generation: string, view: string, zone: ZoneName): boolean {
  const paths = namedPaths(layout)
  const live = paths.liveZone(view, zone)
  return existsSync(live) && statSync(live).ino === statSync(paths.generationZone(generation, view, zone)).ino
}

/** Puts all of a generation in the live place: for a named that is about to start. */
export function installGeneration(layout: Layout, generation: string): void {
  const state = readState(layout, generation)
  for (const { view } of state.views) for (const zone of ZONES) installZone(layout, generation, view, zone)
  installConf(layout, generation)
}

/** Removes live zone files of views that a generation does not have, once named no longer has them either. */
export function removeStrayZones(layout: Layout, state: ZoneState): void {
  const { zones } = namedPaths(layout)
  const wanted = new Set(state.views.flatMap(({ view }) => ZONES.map((zone) => zoneFile(view, zone))))
  for (const file of readdirSync(zones)) if (!wanted.has(file)) rmSync(join(zones, file), { force: true })
}

/** Removes the prepared generations that nobody will go back to. */
export function pruneNamedGenerations(layout: Layout, keep: readonly string[]): void {
  const { generations } = namedPaths(layout)
  if (!existsSync(generations)) return
  for (const name of readdirSync(generations))
    if (!keep.includes(name)) rmSync(join(generations, name), { recursive: true, force: true })
}
