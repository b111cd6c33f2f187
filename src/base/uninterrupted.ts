const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

let underWay = 0

/** Runs work that must not end half way: signals that would end the process are ignored until it is done. */
export async function uninterrupted<T>(work: () => Promise<T>): Promise<T> {
  const ignore = () => {}
  for (const signal of SIGNALS) process.on(signal, ignore)
  underWay++
  try {
    return await work()
  } finally {
    underWay--
    for (const signal of SIGNALS) process.off(signal, ignore)
  }
}

/** Whether such work is under way: then output that nobody reads any more ends nothing either. */
export const isUninterrupted = (): boolean => underWay > 0
