import { createHash } from 'node:crypto'
import type { Plan } from '../../plan/types.ts'
import { compareLines } from './compare.ts'
import { collectLines, type EntryLines, linesOf, NO_ENTRIES } from './entry-lines.ts'
import { gatewayRecords } from './gateway-records.ts'
import { passLongNames, withoutLongNames } from './long-names.ts'
import { type ReducedEntries, reduceEntries } from './reduce.ts'
import { relevantDenies, revoke, union } from './revoke.ts'
import type { ViewState, ZoneState, ZoneVersion } from './state.ts'
import { viewName, type ZoneAction, type ZoneName } from './zone-names.ts'

/** One zone of one view as it shall become. */
export interface PlannedZone extends ZoneVersion {
  readonly zone: ZoneName
  readonly action: ZoneAction
  /** Absent: the previous generation's file is kept as it is. */
  readonly lines?: EntryLines
  /** Of a zone that answers by itself, instead of entries: owner, type and data. */
  readonly records?: readonly string[]
}

export interface PlannedView {
  readonly view: string
  readonly groupId: number
  readonly zones: Readonly<Record<ZoneName, PlannedZone>>
}

export interface ZonePlan {
  readonly views: readonly PlannedView[]
  readonly state: ZoneState
}

/** What the generation that is live holds. `baseEntries`: the base zone's list, or undefined where it is lost. */
export interface PreviousZones {
  readonly state: ZoneState
  baseEntries(view: string): EntryLines | undefined
}

/** A base of so few entries is live within a quarter of a second: it is rewritten on every change. */
export const SMALL_BASE = 10_000
/** Entries that overlay and revocations may hold beside the base before it is rewritten, and their part of the base. */
export const LARGEST_DRIFT = 20_000
const DRIFT_PART = 0.1

/**
 * Decides what each zone of each group's view holds, so that gateway, revoke, overlay, base and deny, asked in this
 * order, answer as the Plan judges. Pure. The base stays as it is where the change since it was written is small, because the
 * time to bring a zone into force follows its size.
 */
export function planZones(plan: Plan, previous?: PreviousZones): ZonePlan {
  const views = plan.groups.map((group) => {
    const view = viewName(group.id)
    const old = previous?.state.views.find((known) => known.view === view)
    const base = old === undefined ? undefined : previous?.baseEntries(view)
    return planView(plan, group.id, old, base)
  })
  const state: ZoneState = {
    format: 1,
    generation: plan.generation,
    denyAnswer: plan.settings.denyAnswer,
    views: views.map(({ view, groupId, zones }) => ({
      view,
      groupId,
      zones: {
        g: versionOf(zones.g),
        r: versionOf(zones.r),
        o: versionOf(zones.o),
        b: versionOf(zones.b),
        d: versionOf(zones.d),
      },
    })),
  }
  return { views, state }
}

function planView(plan: Plan, groupId: number, old: ViewState | undefined, base: EntryLines | undefined): PlannedView {
  const listed = collectLines((visit) => plan.names.forEachAllow(groupId, visit))
  const denied = withoutLongNames(collectLines((visit) => plan.names.forEachDeny(groupId, visit)))
  const allowed = reduceEntries(passLongNames(listed))
  const deny = plan.settings.denyAnswer
  const kept = base === undefined ? undefined : keepBase(allowed, denied, base)
  const zone = (name: ZoneName, action: ZoneAction, lines: EntryLines, content = lines): PlannedZone => {
    const hash = contentHash(action, content)
    const before = old?.zones[name]
    const serial = before === undefined ? 1 : before.hash === hash ? before.serial : (before.serial % 0xffffffff) + 1
    return { zone: name, action, lines, hash, serial, entries: lines.count }
  }
  const records = gatewayRecords(plan.settings)
  return {
    view: viewName(groupId),
    groupId,
    zones: {
      g: { ...zone('g', 'local', NO_ENTRIES, linesOf(records)), records },
      r: zone('r', deny, kept?.revoked ?? relevantDenies(denied, [allowed.lines])),
      o: zone('o', 'pass', kept?.overlay ?? NO_ENTRIES),
      b: kept === undefined ? zone('b', 'pass', allowed.lines) : { zone: 'b', action: 'pass', ...old!.zones.b },
      d: zone('d', deny, NO_ENTRIES),
    },
  }
}

/** Overlay and revocations that make the existing base right, or undefined where it has to be written anew. */
function keepBase(
  allowed: ReducedEntries,
  denied: EntryLines,
  base: EntryLines,
): { overlay: EntryLines; revoked: EntryLines } | undefined {
  const { added, removed } = compareLines(base, allowed.lines)
  const drift = added.count + removed.count
  if (drift > 0 && (base.count <= SMALL_BASE || drift > LARGEST_DRIFT || drift > base.count * DRIFT_PART))
    return undefined
  const revoked = revoke(removed, allowed)
  if (revoked === undefined) return undefined
  const denies = relevantDenies(denied, [allowed.lines, base])
  return { overlay: added, revoked: union(denies, revoked) }
}

/** What tells one content of a zone from another: 16 hex digits over action and entries. */
export function contentHash(action: ZoneAction, lines: EntryLines): string {
  return createHash('sha256').update(`1 ${action}\n`).update(lines.bytes).digest('hex').slice(0, 16)
}

const versionOf = ({ hash, serial, entries }: ZoneVersion): ZoneVersion => ({ hash, serial, entries })
