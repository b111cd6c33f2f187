import { type Layout, runtimePaths } from '../base/layout.ts'
import { systemUser } from '../base/system-users.ts'
import { BoundedLog } from './bounded-log.ts'

/**
 * Notes that a record could not be written to disk, for the daemon to count: a line with its kind in memory, where the
 * run folder is. Never throws.
 */
export function noteLost(layout: Layout, kind: 'commit' | 'alert'): void {
  try {
    const log = new BoundedLog(runtimePaths(layout).lostRecords, systemUser('clawgress')?.gid)
    log.writeLine(kind)
    log.close()
  } catch {
    // Where there is no run folder, there is no daemon that could count.
  }
}
