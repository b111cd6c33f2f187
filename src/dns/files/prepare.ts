import { existsSync, linkSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Layout } from '../../base/layout.ts'
import type { Plan } from '../../plan/types.ts'
import { printNamedConf } from '../named-conf.ts'
import { namedPaths } from '../paths.ts'
import { readSettingFile } from '../setting-files.ts'
import { parseTrustAnchors } from '../trust-anchors.ts'
import type { EntryLines } from '../zones/entry-lines.ts'
import { contentHash, type PlannedView, type PreviousZones, planZones, type ZonePlan } from '../zones/plan-zones.ts'
import { printZone } from '../zones/print-zone.ts'
import { parseZoneState } from '../zones/state.ts'
import { ZONES, zoneFile } from '../zones/zone-names.ts'
import { checkNamed } from './check.ts'
import { type BindIds, bindIds, ensureFolders, makeFolder } from './ownership.ts'
import { diskErrors, writeChunks, writeText } from './write.ts'

export interface PrepareOptions {
  /** Generation that is live: its base zones are built upon. */
  readonly previous?: string
}

/**
 * Writes everything named needs for a plan into the generation's own folder and has it checked; what is live is not
 * touched. The same generation may be prepared again. Throws `apply.check`, `apply.disk-full` or `config.value`.
 */
export async function prepareNamed(plan: Plan, layout: Layout, options: PrepareOptions = {}): Promise<ZonePlan> {
  const paths = namedPaths(layout)
  const ids = bindIds()
  const aside = `${paths.generation(plan.generation)}.new`
  let conf = ''
  try {
    const zones = diskErrors(layout.named, () => {
      ensureFolders(layout, ids)
      rmSync(aside, { recursive: true, force: true })
      makeFolder(aside, ids)
      makeFolder(join(aside, 'zones'), ids)
      conf = printNamedConf(plan, layout, readAnchors(plan))
      writeText(join(aside, 'named.conf'), conf, ids)
      copyHints(plan, join(aside, 'root.hints'), ids)
      const planned = planZones(plan, previousZones(layout, options.previous))
      for (const view of planned.views) writeView(layout, view, aside, options.previous, ids)
      writeText(join(aside, 'zones.json'), JSON.stringify(planned.state), ids)
      return planned
    })
    await checkNamed({ conf, live: paths, views: zones.views }, aside, ids)
    diskErrors(layout.named, () => putInPlace(aside, paths.generation(plan.generation)))
    return zones
  } catch (error) {
    rmSync(aside, { recursive: true, force: true })
    throw error
  }
}

function putInPlace(aside: string, folder: string): void {
  const old = `${folder}.old`
  rmSync(old, { recursive: true, force: true })
  if (existsSync(folder)) renameSync(folder, old)
  renameSync(aside, folder)
  rmSync(old, { recursive: true, force: true })
}

function writeView(
  layout: Layout,
  view: PlannedView,
  folder: string,
  previous: string | undefined,
  ids: BindIds,
): void {
  const paths = namedPaths(layout)
  for (const name of ZONES) {
    const zone = view.zones[name]
    const file = join(folder, 'zones', zoneFile(view.view, name))
    if (zone.lines === undefined) linkSync(paths.generationZone(previous!, view.view, name), file)
    else writeChunks(file, printZone(zone), ids)
  }
  const entries = join(folder, 'zones', `${view.view}.entries`)
  const base = view.zones.b.lines
  if (base === undefined) linkSync(paths.generationEntries(previous!, view.view), entries)
  else writeChunks(entries, [base.bytes], ids)
}

/** What the live generation holds, as far as it can be read; a base that is damaged is written anew. */
function previousZones(layout: Layout, generation: string | undefined): PreviousZones | undefined {
  if (generation === undefined) return undefined
  const paths = namedPaths(layout)
  try {
    const state = parseZoneState(readFileSync(paths.generationState(generation), 'utf8'))
    return { state, baseEntries: (view) => readBase(layout, generation, view, state) }
  } catch {
    return undefined
  }
}

function readBase(
  layout: Layout,
  generation: string,
  view: string,
  state: PreviousZones['state'],
): EntryLines | undefined {
  const paths = namedPaths(layout)
  const known = state.views.find((candidate) => candidate.view === view)
  try {
    const bytes = readFileSync(paths.generationEntries(generation, view))
    if (known === undefined || !existsSync(paths.generationZone(generation, view, 'b'))) return undefined
    const lines = { bytes, count: known.zones.b.entries }
    return contentHash('pass', lines) === known.zones.b.hash ? lines : undefined
  } catch {
    return undefined
  }
}

function readAnchors(plan: Plan) {
  const file = plan.settings.trustAnchors
  return file === undefined ? undefined : parseTrustAnchors(readSettingFile(file, 'trust anchor file'), file)
}

function copyHints(plan: Plan, target: string, ids: BindIds): void {
  const file = plan.settings.rootHints
  if (file === undefined) return
  writeText(target, readSettingFile(file, 'root hints file'), ids)
}
