import { join } from 'node:path'
import { type Layout, runtimePaths } from '../base/layout.ts'
import { type ZoneName, zoneFile } from './zones/zone-names.ts'

/** Files and folders of our named. Root owns all of it; bind writes in `work` and `log` only. */
export const namedPaths = (layout: Layout) => {
  const { named } = layout
  const generation = (id: string) => join(named, 'generations', id)
  return {
    conf: join(named, 'named.conf'),
    key: join(named, 'rndc.key'),
    rootHints: join(named, 'root.hints'),
    /** Live zone files; hard links to those of a generation. */
    zones: join(named, 'zones'),
    liveZone: (view: string, zone: ZoneName) => join(named, 'zones', zoneFile(view, zone)),
    /** named's working directory: pid, session key, managed keys, dumps. */
    work: join(named, 'work'),
    log: join(named, 'log'),
    denials: runtimePaths(layout).namedDenials,
    generations: join(named, 'generations'),
    generation,
    generationConf: (id: string) => join(generation(id), 'named.conf'),
    generationHints: (id: string) => join(generation(id), 'root.hints'),
    generationZone: (id: string, view: string, zone: ZoneName) => join(generation(id), 'zones', zoneFile(view, zone)),
    /** The base zone's entries as lines, to compare the next policy with. */
    generationEntries: (id: string, view: string) => join(generation(id), 'zones', `${view}.entries`),
    generationState: (id: string) => join(generation(id), 'zones.json'),
  }
}
