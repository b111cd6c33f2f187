import { renameSync, statSync } from 'node:fs'
import { type Layout, runtimePaths } from '../../base/layout.ts'
import { services } from '../services.ts'
import type { Alerts } from './alerts.ts'

/** Memory that each of ulogd2's files may take, octets; with the one put aside, twice that. */
const MAX_SIZE = 32 * 2 ** 20

/**
 * Puts a file that ulogd2 writes aside when it takes too much of the run folder's memory, as it does when nobody reads
 * it: it becomes `nflog.json.1` or `flows.json.1`, and ulogd2 opens a new one on SIGHUP. What the daemon has read and given back
 * (holes) does not count.
 */
export class LogRotation {
  private readonly layout: Layout
  private readonly alerts: Alerts
  private readonly maxSize: number
  private readonly reopen: () => Promise<void>
  private hasFailed = false

  constructor(
    layout: Layout,
    alerts: Alerts,
    maxSize = MAX_SIZE,
    reopen = () => services(layout).reload('clawgress-log'),
  ) {
    this.layout = layout
    this.alerts = alerts
    this.maxSize = maxSize
    this.reopen = reopen
  }

  /** Never throws. */
  async look(): Promise<void> {
    const { nflogRecords, endedFlows } = runtimePaths(this.layout)
    const large = [nflogRecords, endedFlows].filter((path) => occupied(path) > this.maxSize)
    if (large.length === 0) return
    try {
      for (const path of large) renameSync(path, `${path}.1`)
      await this.reopen()
      this.hasFailed = false
    } catch (error) {
      if (!this.hasFailed)
        this.alerts.raise(
          'log.stuck',
          `${large.join(' and ')} cannot be put aside although too large: ${(error as Error).message}`,
        )
      this.hasFailed = true
    }
  }
}

/** Octets that the file really takes; stat(2) counts blocks of 512. */
function occupied(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat === undefined ? 0 : stat.blocks * 512
}
