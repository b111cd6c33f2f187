/** A connection that the agent's probe opens and keeps. */
export interface Attempt {
  /** Unique within one run of the probe. */
  readonly id: string
  /** Address, or name to be looked up. */
  readonly to: string
  readonly port: number
  readonly protocol: 'tcp' | 'tls' | 'udp'
  /** Restricts the look-up of a name. */
  readonly family?: 4 | 6
  /** Server name of the TLS hello and Host header; `to` where absent. */
  readonly name?: string
  /**
   * `push`: the server sends, `echo`: the client sends and the server answers, `idle`: nobody sends,
   * `once`: the connection is closed as soon as it is open (for UDP: after the first answer).
   */
  readonly mode: 'push' | 'echo' | 'idle' | 'once'
}

/** What the probe tells, one JSON line each. */
export interface AttemptEvent {
  readonly at: number
  readonly id: string
  /**
   * `held`: open, and the server agreed to hold it; `refused`: reset or ICMP error before it was open; `reset`: torn
   * down afterwards; `silent`: nothing within the time limit; `closed`: ended in order; `beat`: answer to a report.
   */
  readonly event: 'held' | 'refused' | 'reset' | 'silent' | 'closed' | 'beat'
  /** Error code of the operating system, for `refused` and `reset`. */
  readonly code?: string
  /** Milliseconds since the attempt began, look-up included. */
  readonly ms: number
  /** Octets received so far. */
  readonly received?: number
  readonly address?: string
  /** Port of the agent's end, for `held`: the server knows the connection by it. */
  readonly localPort?: number
}
