import { closeSync, openSync } from 'node:fs'
import { type Layout, runtimePaths } from '../../base/layout.ts'

/** Throws the system's error where the asker may not read the logs: reading takes those for logs that are not there yet. */
export function mustBeReadable(layout: Layout): void {
  try {
    closeSync(openSync(runtimePaths(layout).decisions, 'r'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
