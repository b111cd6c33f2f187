/** What happened since the pinner started. */
export interface Counters {
  queries: number
  answered: number
  refused: number
  servfail: number
  overLimit: number
  pinTrouble: number
  resolverTrouble: number
  denialsWritten: number
  denialsDropped: number
  upstreamQueries: number
  upstreamTrouble: number
  /** The thread that reads open connections failed, so that they were read on the DNS path. */
  flowThreadTrouble: number
}

export const newCounters = (): Counters => ({
  queries: 0,
  answered: 0,
  refused: 0,
  servfail: 0,
  overLimit: 0,
  pinTrouble: 0,
  resolverTrouble: 0,
  denialsWritten: 0,
  denialsDropped: 0,
  upstreamQueries: 0,
  upstreamTrouble: 0,
  flowThreadTrouble: 0,
})
