/** A question for one of the gateway's resolvers. */
export interface Asked {
  readonly name: string
  readonly type: 'A' | 'AAAA'
  readonly server: string
  /** Default: UDP, and TCP where the answer was cut. */
  readonly transport?: 'udp' | 'tcp'
}

export interface Answered extends Asked {
  /** `NOERROR`, `NXDOMAIN`, `SERVFAIL`, …; `REFUSED-SOCKET` for an ICMP error, `TIMEOUT` where nothing came. */
  readonly status: string
  readonly addresses: readonly string[]
  readonly ms: number
}

export interface Target {
  readonly address: string
  readonly port: number
  readonly protocol?: 'tcp' | 'udp'
}

export interface Connected extends Target {
  /** `silent`: nothing came within the time limit. */
  readonly outcome: 'open' | 'refused' | 'silent'
  readonly ms: number
}

/** What the worker does over and over until it is told to stop. */
export interface Hammering {
  readonly servers: readonly string[]
  /** Allowed all the time: every answer is connected to at once. */
  readonly allowed: readonly string[]
  /** Allowed at no time. */
  readonly denied: readonly string[]
  /** Allowed now and then: asked, and connected to when answered. */
  readonly changing: readonly string[]
  /** Allowed at no time. */
  readonly deniedTargets: readonly Target[]
  readonly port: number
  readonly lanes: number
  /** Rest of a lane between two turns. */
  readonly pauseMs: number
}

export interface HammerCounts {
  allowedAnswers: number
  deniedAnswers: number
  changingAnswers: number
  connections: number
  /** Addresses in an answer to a denied name. */
  unlistedAnswers: number
  /** Connections that opened to denied targets. */
  unlistedConnections: number
  /** First connections to an address that a name allowed throughout was just answered with. */
  refusedFirst: number
  /** Answers other than NOERROR with an address to a name allowed throughout. */
  failedAllowed: number
  /** Questions without any answer in time, and connections neither opened nor refused in time. */
  hangs: number
  slowestAnswerMs: number
  /** The first few of what counts as wrong, for the message of a failing test. */
  details: string[]
}

export type Request =
  | { readonly id: number; readonly do: 'ask'; readonly questions: readonly Asked[]; readonly timeoutMs: number }
  | { readonly id: number; readonly do: 'connect'; readonly targets: readonly Target[]; readonly timeoutMs: number }
  | { readonly id: number; readonly do: 'hammer'; readonly hammering: Hammering }
  | { readonly id: number; readonly do: 'rest' }

export interface Reply {
  readonly id: number
  readonly result: unknown
}
