import { type Layout, runtimePaths } from '../base/layout.ts'
import { flushNames, viewName } from '../dns/index.ts'
import type { PinnerStatus } from '../pinner/control/protocol.ts'
import { PinnerClient } from '../pinner/control-client.ts'
import { withLock } from '../services/index.ts'
import { formatDuration } from './format/duration.ts'
import type { Shown } from './format/shown.ts'
import { counted, printTable } from './format/table.ts'
import { livePlan } from './policy/live-plan.ts'
import { checkedName } from './policy/test-domain.ts'

export interface PinsOptions {
  readonly name?: string
  /** Names listed at most. */
  readonly limit?: number
}

export interface PinCount {
  /** Answers that clients may hold: one a name and query type. */
  readonly answers: number
  readonly addresses: number
}

/** What the pinner says of itself and of the configured name servers. */
export interface PinnerFacts extends PinCount {
  readonly nameServers: PinnerStatus['nameServers']
  /** It judges by a policy, and can open addresses. */
  readonly ready: boolean
  /** What it judges by; absent: nothing. */
  readonly generation?: string
  /** What it was told to expect; until a commit ends that, only what both allow is allowed. */
  readonly stagedGeneration?: string
  /** Sentences; empty when ready. */
  readonly problems: readonly string[]
}

const TIMEOUT = 3_000
/** A commit may hold the lock for long. */
const LOCK_WAIT = 30_000

const pinner = (layout: Layout, timeout = TIMEOUT) => new PinnerClient(runtimePaths(layout).pinnerSocket, timeout)

/** Addresses that names opened, with the time they stay open to new connections. Throws `system.unreachable`. */
export async function showPins(layout: Layout, { name, limit = 1000 }: PinsOptions = {}): Promise<Shown> {
  livePlan(layout)
  const wanted = name === undefined ? {} : { name: checkedName(name) }
  const data = await pinner(layout).pins({ limit, ...wanted })
  const rows = inOrder(data.pins).flatMap((pin) =>
    pin.addresses.map(({ address, pinnedMs }) => [
      pin.group,
      pin.name,
      pin.type,
      address,
      pinnedMs === 0 ? 'open connections only' : formatDuration(pinnedMs / 1000),
      pin.targets.filter((target) => target !== pin.name).join(' > ') || '-',
    ]),
  )
  const left = data.total - data.pins.length
  const more = left > 0 ? `\n${left} more names are pinned; ask for one, or for more with --last.\n` : ''
  const none = name === undefined ? 'Nothing is pinned.\n' : `Nothing is pinned for ${name}.\n`
  const header = ['Group', 'Name', 'Type', 'Address', 'Open for', 'By way of']
  return { data, text: rows.length === 0 ? none : `${printTable(header, rows)}${more}` }
}

/** By group, name and type, so that the same pins always look the same. */
const inOrder = <Pin extends { group: string; name: string; type: string }>(pins: readonly Pin[]): Pin[] =>
  [...pins].sort((a, b) => sortKey(a).localeCompare(sortKey(b), 'en'))

const sortKey = ({ group, name, type }: { group: string; name: string; type: string }) => `${group} ${name} ${type}`

/** Throws `system.unreachable` where the pinner does not answer. */
export async function askPinner(layout: Layout): Promise<PinnerFacts> {
  const { bindings, addresses, nameServers, ready, generation, stagedGeneration, problems } =
    await pinner(layout).status()
  return {
    answers: bindings,
    addresses,
    nameServers,
    ready,
    ...(generation === undefined ? {} : { generation }),
    ...(stagedGeneration === undefined ? {} : { stagedGeneration }),
    problems,
  }
}

/** Closes every address that names opened, and makes named forget them, so that they are opened anew when asked for. */
export async function resetPins(layout: Layout): Promise<Shown> {
  livePlan(layout)
  const flush = await withLock(
    layout,
    LOCK_WAIT,
    async () => {
      const reset = await pinner(layout, 2 * LOCK_WAIT).reset()
      for (const { id, names } of reset.flush) await flushNames(layout, viewName(id), names)
      return reset.flush
    },
    'resetting the pins',
  )
  const count = flush.reduce((sum, { names }) => sum + (names === 'all' ? 0 : names.length), 0)
  const what = flush.some(({ names }) => names === 'all') ? 'all names' : counted(count, 'name')
  return { data: { flushed: flush }, text: `Closed: ${what}; each opens again when it is next resolved.\n` }
}
