import { TABLE } from './names.ts'
import { withSocket } from './netlink/kept-socket.ts'
import { listsFlowtables, readChains, readCounterObjects, readSets, readTable } from './netlink/table-objects.ts'
import { parseMarker } from './ruleset/live-marker.ts'
import type { LiveObjects } from './ruleset/text.ts'

/** What stands in the kernel, as the ruleset says of itself. */
export interface LiveRuleset {
  /** Is there a table of ours? */
  readonly present: boolean
  /** Are all its chains, rules and policies there, as far as counting them shows? */
  readonly intact: boolean
  /** Default deny without a policy. */
  readonly closed: boolean
  readonly generation?: string
  readonly mark?: number
}

const ABSENT: LiveRuleset = { present: false, intact: false, closed: false }

/** Two short dumps; cheap enough to be asked ten times a second. Throws ClawgressError `apply.kernel`. */
export function liveRuleset(): LiveRuleset {
  return withSocket((socket) => {
    const table = readTable(socket, TABLE)
    if (table === undefined) return ABSENT
    const chains = readChains(socket, TABLE)
    const markers = chains.flatMap((chain) => parseMarker(chain.name) ?? [])
    const marker = markers[0]
    if (marker === undefined) return { ...ABSENT, present: true }
    const uses = chains.reduce((sum, chain) => sum + chain.uses, 0)
    const forward = chains.find((chain) => chain.name === 'forward')
    const intact =
      markers.length === 1 &&
      table.flags === 0 &&
      forward?.base === true &&
      forward.policy === 'drop' &&
      chains.length === marker.chains &&
      uses === marker.uses
    const { generation, mark } = marker
    return {
      present: true,
      intact,
      closed: generation === undefined,
      ...(generation === undefined ? {} : { generation, mark }),
    }
  })
}

/** Names of everything in our table; empty where there is none. For `printRuleset`, right before loading. */
export function readLiveObjects(): LiveObjects {
  return withSocket((socket) => ({
    chains: readChains(socket, TABLE).map((chain) => chain.name),
    sets: readSets(socket, TABLE),
    counters: readCounterObjects(socket, TABLE).map((counter) => counter.name),
  }))
}

/** Is there a flowtable, whoever loaded it? Its flows may pass without any rule of ours. */
export const hasFlowtables = (): boolean => withSocket(listsFlowtables)
