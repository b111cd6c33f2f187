import { existsSync, readlinkSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ClawgressError } from '../../base/errors.ts'
import { generationFiles, type Layout, runtimePaths } from '../../base/layout.ts'
import { Pause } from '../../base/pause.ts'
import { type LiveRuleset, liveRuleset, replaceTable, TABLE } from '../../firewall/index.ts'
import { withLock } from '../lock.ts'
import type { Alerts } from './alerts.ts'

/** How long the watch waits for a commit under way before it closes the gateway without the lock, in milliseconds. */
const LOCK_WAIT_MS = 400
/** A ruleset larger than this takes so long to load that default deny goes first, octets. */
const LARGE_RULESET = 1 << 20
/** After a ruleset could not be loaded, in milliseconds. */
const RETRY_MS = 2_000
/** A table is damaged that looks so as often as this, with that much time in between, in milliseconds. */
const DAMAGED_LOOKS = 4
const DAMAGED_PAUSE_MS = 60
/** So many failures in a row to see the kernel's state are worth an alert. */
const BLIND_LOOKS = 8

/** What comes after the table came back: pins restored, names without a pin flushed from named's cache. */
export type RestorePins = () => Promise<void>

/**
 * Sees to it that the table of the current generation stands in the kernel; without a `current` link, which is lost with
 * the run folder, at least default deny. Nothing to guard without either: whoever takes the gateway down on purpose
 * removes the link and `closed.nft` first.
 */
export class RulesetWatch {
  private readonly layout: Layout
  private readonly alerts: Alerts
  private readonly restorePins: RestorePins
  private readonly pause = new Pause(RETRY_MS)
  private blindLooks = 0

  constructor(layout: Layout, alerts: Alerts, restorePins: RestorePins) {
    this.layout = layout
    this.alerts = alerts
    this.restorePins = restorePins
  }

  /** One look, and what follows from it. Never throws. */
  async look(): Promise<void> {
    if (!this.isGuarding() || !this.isBroken(this.see())) return
    if (!this.pause.isOver) return
    const noticed = performance.now()
    try {
      await withLock(this.layout, LOCK_WAIT_MS, () => this.repair(noticed), 'guard (putting the ruleset back)')
    } catch (error) {
      const isBusy = error instanceof ClawgressError && error.problems[0]?.code === 'apply.busy'
      await this.closeIfLost(
        isBusy ? 'while the enforcement was being changed' : `and the lock cannot be had (${sentence(error)})`,
      )
    }
  }

  private see(): LiveRuleset | undefined {
    try {
      const live = liveRuleset()
      this.blindLooks = 0
      return live
    } catch (error) {
      this.blindLooks++
      if (this.blindLooks === BLIND_LOOKS)
        this.alerts.raise('table.unknown', `The kernel does not show the ruleset: ${(error as Error).message}`)
      return undefined
    }
  }

  private isGuarding(): boolean {
    return this.currentFolder() !== undefined || existsSync(runtimePaths(this.layout).closedRuleset)
  }

  /** Default deny in place of a generation's ruleset is our own makeshift. */
  private isBroken(live: LiveRuleset | undefined): boolean {
    if (live === undefined) return false
    return !live.present || !live.intact || (live.closed && this.currentFolder() !== undefined)
  }

  /**
   * What is there once nothing is under way: while anyone's transaction is being prepared, be it a mere check, a table
   * looks damaged that is not. One that is gone is gone at first sight.
   */
  private async seeSettled(): Promise<LiveRuleset | undefined> {
    let live = this.see()
    for (let looks = 1; looks < DAMAGED_LOOKS && live?.present === true && this.isBroken(live); looks++) {
      await sleep(DAMAGED_PAUSE_MS)
      live = this.see()
    }
    return live
  }

  /** Runs under the lock, `noticed` by the clock that is never set: what the first look saw may have been a commit. */
  private async repair(noticed: number): Promise<void> {
    const folder = this.currentFolder()
    const live = await this.seeSettled()
    if (!this.isGuarding() || !this.isBroken(live)) return
    if (folder === undefined) {
      await this.close(undefined, `The table inet ${TABLE} was lost, and so was the run folder with its ruleset`)
      return
    }
    const generation = basename(folder)
    const files = generationFiles(folder)
    const wasLost = live?.closed !== true
    try {
      if (wasLost && statSync(files.ruleset).size > LARGE_RULESET) await replaceTable(files.closed)
      await replaceTable(files.ruleset)
    } catch (error) {
      this.pause.begin()
      if (wasLost) await this.close(generation, `The ruleset of generation ${generation} cannot be loaded`, error)
      return
    }
    const tookMs = Math.round(performance.now() - noticed)
    const what = wasLost ? (live?.present ? 'was changed' : 'was removed') : 'was replaced by default deny'
    const message = `The table inet ${TABLE} ${what}; the ruleset of generation ${generation} is back.`
    this.alerts.raise('table.restored', message, { generation, tookMs })
    await this.restorePins().catch((error: unknown) => {
      const message = `Addresses that were reachable stay closed until their names are asked for again: ${sentence(error)}`
      this.alerts.raise('pins.lost', message, { generation })
    })
  }

  /**
   * Someone changes the enforcement and has no table for longer than it takes, or nobody can; closing is always right. A
   * table that only looks damaged is left alone: while a transaction is being prepared the kernel's use counts belong to no
   * generation, a flushed forward chain drops by its policy, and the commit proves its ruleset at its end.
   */
  private async closeIfLost(how: string): Promise<void> {
    const folder = this.currentFolder()
    const live = this.see()
    if (!this.isGuarding() || live === undefined || live.present) return
    const generation = folder === undefined ? undefined : basename(folder)
    await this.close(generation, `The table inet ${TABLE} was lost ${how}`)
  }

  private async close(generation: string | undefined, reason: string, cause?: unknown): Promise<void> {
    const said = cause === undefined ? '.' : `: ${sentence(cause)}`
    const details = generation === undefined ? {} : { generation }
    const until = generation === undefined ? 'the next commit' : 'it is'
    try {
      await replaceTable(this.closedRuleset(generation))
      this.alerts.raise('table.closed', `${reason}${said} Everything is denied to clients until ${until}.`, details)
    } catch (error) {
      this.pause.begin()
      const message = `${reason}${said} Default deny cannot be loaded either: ${sentence(error)}`
      this.alerts.raise('table.lost', message, details)
    }
  }

  private closedRuleset(generation: string | undefined): string {
    const { generations, closedRuleset } = runtimePaths(this.layout)
    if (generation === undefined) return closedRuleset
    const { closed } = generationFiles(join(generations, generation))
    return existsSync(closed) ? closed : closedRuleset
  }

  private currentFolder(): string | undefined {
    try {
      return readlinkSync(runtimePaths(this.layout).current)
    } catch {
      return undefined
    }
  }
}

const sentence = (error: unknown): string => (error instanceof Error ? error.message : String(error))
