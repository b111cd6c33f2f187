import { setImmediate, setTimeout } from 'node:timers/promises'
import { currentLayout, type Layout } from '../base/layout.ts'
import { pinnerNames } from './pinner-names.ts'
import { Recorder, type RecorderOptions } from './records/recorder.ts'
import { serveStatus } from './status.ts'

/** Milliseconds between looks at the logs. */
const PAUSE = 40

export interface DaemonOptions extends Partial<Omit<RecorderOptions, 'layout'>> {
  readonly layout?: Layout
  /** Ends the daemon; SIGTERM and SIGINT do as well. */
  readonly signal?: AbortSignal
}

/**
 * clawgressd: writes decision records until it is told to end. Needs no privilege: it reads logs and the compiled Plan,
 * and enforcement does not notice when it dies.
 */
export async function runDaemon(options: DaemonOptions = {}): Promise<void> {
  const layout = options.layout ?? currentLayout()
  const lookUpNames = options.lookUpNames ?? pinnerNames(layout)
  const recorder = new Recorder({ ...options, layout, lookUpNames })
  const server = await serveStatus(layout, () => recorder.status())
  let isEnding = false
  const end = () => {
    isEnding = true
  }
  options.signal?.addEventListener('abort', end)
  process.once('SIGTERM', end)
  process.once('SIGINT', end)
  try {
    while (!isEnding) await (recorder.step(Date.now()) ? setImmediate() : setTimeout(PAUSE))
  } finally {
    process.off('SIGTERM', end)
    process.off('SIGINT', end)
    // Also after a failure: a process that still answers on its socket would never be started anew.
    server.close()
    recorder.close()
  }
}
