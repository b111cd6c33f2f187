import { mkdirSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { currentLayout, runtimePaths } from '../base/layout.ts'
import { openLog } from './log.ts'
import { Pinner } from './pinner.ts'

/**
 * Main of `clawgress pinner`: runs until it is told to end, with exit status 0; ends with 1 where it cannot come up, so
 * that whoever started it tries again. Needs CAP_NET_ADMIN (pins) and CAP_NET_RAW (prober).
 */
export async function runPinner(): Promise<void> {
  // Otherwise V8 lets the heap grow to about twice what a large book needs before it collects.
  setFlagsFromString('--optimize-for-size')
  const log = openLog()
  const layout = currentLayout()
  const die = (error: unknown) => {
    log.fatal(error instanceof Error ? error.message : String(error))
    process.exit(1)
  }
  process.on('uncaughtException', die)
  process.on('unhandledRejection', die)
  mkdirSync(runtimePaths(layout).pinnerFolder, { recursive: true })
  const pinner = new Pinner(layout, log)
  const stop = () => {
    pinner.stop()
    process.exit(0)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  await pinner.start()
}
