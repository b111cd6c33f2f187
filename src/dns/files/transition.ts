import { existsSync, readFileSync, rmSync } from 'node:fs'
import type { Layout } from '../../base/layout.ts'
import { namedPaths } from '../paths.ts'
import { type EntryLines, linesOf } from '../zones/entry-lines.ts'
import { contentHash } from '../zones/plan-zones.ts'
import { printZone } from '../zones/print-zone.ts'
import { union } from '../zones/revoke.ts'
import type { ViewState } from '../zones/state.ts'
import { canaryName, type ZoneAction } from '../zones/zone-names.ts'
import { bindIds } from './ownership.ts'
import { diskErrors, replaceByLink, writeChunks } from './write.ts'

/**
 * Puts the revocations of the live file and of the generation together in the live place, for the time in which the
 * base is loaded: revocations belong to the base they were made for. Gives the canary to wait for, or undefined where
 * the generation's revocations are the live ones.
 */
export function installTransition(layout: Layout, generation: string, { view, zones }: ViewState): string | undefined {
  const paths = namedPaths(layout)
  const live = paths.liveZone(view, 'r')
  const next = readFileSync(paths.generationZone(generation, view, 'r'), 'latin1')
  const before = existsSync(live) ? readFileSync(live, 'latin1') : next
  if (before === next) return undefined
  const lines = union(revokedBy(before), revokedBy(next))
  const action: ZoneAction = / CNAME \*\.$/m.test(next) ? 'nodata' : 'nxdomain'
  const hash = contentHash(action, lines)
  diskErrors(layout.named, () => {
    const zone = { zone: 'r', action, lines, hash, serial: zones.r.serial, entries: lines.count } as const
    const aside = `${live}.both`
    writeChunks(aside, printZone(zone), bindIds())
    replaceByLink(aside, live)
    rmSync(aside)
  })
  return canaryName('r', hash)
}

const revokedBy = (zoneFile: string): EntryLines =>
  linesOf([...zoneFile.matchAll(/^([a-z0-9_*.-]+) CNAME /gm)].map((match) => match[1]!))
