import { constants } from 'node:os'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Runs `work`; a Ctrl-C or a request to end runs `cleanUp` at once and ends the process with the status that shells
 * give to the signal. Later signals are ignored, so that nothing is left behind by an impatient second Ctrl-C.
 */
export async function withCleanUp<T>(cleanUp: () => Promise<void>, work: () => Promise<T>): Promise<T> {
  let interrupted = false
  const interrupt = async (signal: NodeJS.Signals) => {
    if (interrupted) return
    interrupted = true
    process.stderr.write('\nInterrupted: taking the lab down.\n')
    await cleanUp()
    process.exit(128 + constants.signals[signal])
  }
  for (const signal of SIGNALS) process.on(signal, interrupt)
  try {
    return await work()
  } catch (error) {
    // What fails after an interruption fails because of it: the clean-up ends the process.
    if (interrupted) return await new Promise<never>(() => undefined)
    throw error
  } finally {
    if (!interrupted) for (const signal of SIGNALS) process.off(signal, interrupt)
  }
}
