/**
 * Every bound of the pinner in one place. Each protects one party from another: the DNS path from a slow resolver, the
 * kernel's sets and our memory from a hostile zone, one group or zone from the rest. Times in milliseconds.
 */
export const LIMITS = {
  /** Until a question is answered with SERVFAIL; named's own retransmission comes after 1.2 s. */
  answerDeadlineMs: 1_050,
  /** Until the resolver view is asked a second time over UDP. */
  resolverRetryMs: 450,
  /** Until the upstream side gives up; less than the above, so that the reason is seen there first. */
  upstreamDeadlineMs: 950,
  /** Until the next name-server is asked beside the one that has not answered yet. */
  upstreamHedgeMs: 250,
  /** A name-server that failed is asked last for this long, doubling up to the maximum. */
  upstreamBackoffMs: 1_000,
  upstreamMaxBackoffMs: 30_000,
  /** Idle connections to name-servers and the resolver are closed after this. */
  streamIdleMs: 10_000,
  streamPipelined: 100,

  /** Questions in work over all groups; a group gets at most half, or its equal share of the active groups. */
  inFlight: 4_096,
  /** Share of a group's questions that one zone (wildcard suffix, or last two labels) may hold. */
  zoneShare: 0.25,
  leastZoneShare: 32,

  tcpConnections: 256,
  tcpIdleMs: 10_000,
  tcpPipelined: 64,

  /** Links of a CNAME or DNAME chain. */
  chainLinks: 16,
  /** Addresses of one answer; what is above is dropped. */
  answerAddresses: 128,
  /** Addresses that one name and type may hold pinned at a time, over answers that differ. */
  nameAddresses: 512,
  /** Octets below the suffix for names allowed only by a wildcard: the wildcard is a channel to whoever runs the zone. */
  wildcardOctets: 63,
  /** Names below one wildcard that may be asked for within the window, and over all wildcards. */
  wildcardNames: 10_000,
  wildcardNamesInAll: 200_000,
  wildcardWindowMs: 3_600_000,

  /** Bindings (group, name, type) in the book. */
  bindings: 200_000,
  /** How long an address justifies open flows after its last pin or sweep. The sweep runs at half of it. */
  heldMs: 6 * 3_600_000,
  pruneMs: 60_000,
  /** The journal is rewritten when it is larger than this and than twice what it holds. */
  journalBytes: 4 << 20,

  /** Denial records: bytes of a file before it is turned over, and records a second. */
  denialBytes: 8 << 20,
  denialsPerSecond: 5_000,

  controlLineBytes: 64 << 10,
  controlConnections: 16,
  controlIdleMs: 60_000,
  /** More names than this are not listed for flushing; the whole view is. */
  flushNames: 1_000,
  pinsListed: 10_000,
  whoisAddresses: 1_000,
} as const

export type Limits = { readonly [Key in keyof typeof LIMITS]: number }
