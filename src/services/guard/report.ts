import { readFileSync, statSync } from 'node:fs'
import { replaceWhole } from '../../base/atomic-file.ts'
import { ClawgressError } from '../../base/errors.ts'
import { type Layout, runtimePaths } from '../../base/layout.ts'
import { systemUser } from '../../base/system-users.ts'
import { type Counters, type LiveRuleset, liveRuleset, readClientQueries, readCounters } from '../../firewall/index.ts'
import { isHeld } from '../file-lock.ts'
import { services } from '../services.ts'
import type { UnitStatus } from '../unit-definition.ts'
import { lookForUntracked, type Untracked } from '../untracked.ts'
import { type PolicyFileState, PolicyFileWatch } from './policy-file-watch.ts'

/** What could not be found out is a sentence. */
type Seen<Value> = Value | { readonly unknown: string }

/** What root sees of the gateway, for the daemon, which may neither ask the kernel nor the supervisor. */
export interface GuardSight {
  /** Milliseconds since the epoch. */
  readonly seenAt: number
  readonly ruleset: Seen<LiveRuleset>
  readonly counters: Seen<Counters>
  /** DNS queries by client; see `readClientQueries`. */
  readonly clientQueries: Seen<Readonly<Record<string, number>>>
  readonly units: Seen<readonly UnitStatus[]>
  /** A commit, restart or upgrade is under way. Absent: a guard of an earlier version looked. */
  readonly isChanging?: Seen<boolean>
  /** Absent: a guard of an earlier version looked. */
  readonly policyFile?: Seen<PolicyFileState>
  /** Absent: a guard of an earlier version looked. */
  readonly untracked?: Seen<readonly Untracked[]>
}

/** The guard looks every two seconds; later than this it is not at work, milliseconds. */
const STALE_MS = 10_000
const MAX_BYTES = 16 << 20

/** Writes down what the guard sees, for the daemon alone: it tells which clients ask how often. */
export class GuardReport {
  private readonly layout: Layout
  private readonly policyFile: PolicyFileWatch
  private readonly onUnits: (units: readonly UnitStatus[], isChanging: boolean) => void
  private isLooking = false

  /** `onUnits` hears of the units whenever they were looked at, and whether a commit, restart or upgrade is under way. */
  constructor(layout: Layout, onUnits: (units: readonly UnitStatus[], isChanging: boolean) => void = () => {}) {
    this.layout = layout
    this.onUnits = onUnits
    this.policyFile = new PolicyFileWatch(layout)
  }

  /** Begins to look, unless a look is under way: the ruleset is watched meanwhile. */
  look(): void {
    if (this.isLooking) return
    this.isLooking = true
    void this.write()
      // A full or lost run folder: the report grows old, and says so by that.
      .catch(() => undefined)
      .finally(() => {
        this.isLooking = false
      })
  }

  private async write(): Promise<void> {
    const isChanging = await seen(() => isHeld(runtimePaths(this.layout).lock))
    const sight: GuardSight = {
      ruleset: await seen(liveRuleset),
      counters: await seen(readCounters),
      clientQueries: await seen(readClientQueries),
      units: await seen(() => services(this.layout).status()),
      isChanging,
      policyFile: await seen(() => this.policyFile.look()),
      untracked: await seen(lookForUntracked),
      seenAt: Date.now(),
    }
    if (!('unknown' in sight.units)) this.onUnits(sight.units, isChanging === true)
    replaceWhole(runtimePaths(this.layout).guardReport, JSON.stringify(sight), 0o640, systemUser('clawgress')?.gid)
  }
}

async function seen<Value>(ask: () => Value | Promise<Value>): Promise<Seen<Value>> {
  try {
    return await ask()
  } catch (error) {
    return { unknown: error instanceof ClawgressError ? error.problems[0]!.message : 'It could not be asked.' }
  }
}

/** What the guard saw last, or undefined where it is not at work. Never throws. */
export function readGuardReport(layout: Layout, now: number): GuardSight | undefined {
  const path = runtimePaths(layout).guardReport
  try {
    if (statSync(path).size > MAX_BYTES) return undefined
    const sight = JSON.parse(readFileSync(path, 'utf8')) as GuardSight
    // One of a future that a clock that was set back has yet to reach tells nothing either.
    return Math.abs(now - sight.seenAt) > STALE_MS ? undefined : sight
  } catch {
    return undefined
  }
}
