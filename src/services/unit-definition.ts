/** In the order in which they start; they stop in the reverse order. */
export const UNIT_NAMES = [
  'clawgress-named',
  'clawgress-pinner',
  'clawgress-log',
  'clawgressd',
  'clawgress-guard',
] as const

export type UnitName = (typeof UNIT_NAMES)[number]

/** Linux capability as setpriv(1) writes it, without the `+`. */
export type Capability = 'net_admin' | 'net_raw'

/** How to see from outside that a unit does its work. */
export type Probe =
  /** Something answers a DNS query over UDP at the address, with any response code. */
  | { readonly kind: 'dns'; readonly address: string; readonly port: number }
  /** Something accepts connections on the unix socket. */
  | { readonly kind: 'socket'; readonly path: string }
  /** A process listens to the NFLOG group (/proc/net/netfilter/nfnetlink_log). */
  | { readonly kind: 'nflog'; readonly group: number }
  /** The process is still there after that many milliseconds. */
  | { readonly kind: 'alive'; readonly milliseconds: number }

/** One long-running program of the gateway: a value, the same for systemd and for our own supervisor. */
export interface UnitDefinition<Name extends string = string> {
  readonly name: Name
  /** What the unit does, without a full stop, as `systemctl status` shows it. */
  readonly description: string
  readonly argv: readonly string[]
  /** Variables of the process beside those that it is given anyway. */
  readonly environment?: Readonly<Record<string, string>>
  /** System user; `root` for the guard alone. Never more groups than the user's own. */
  readonly user: string
  /** All that the process may do beyond its user, in its ambient and bounding sets; `all` for root. */
  readonly capabilities: readonly Capability[] | 'all'
  /** Permission bits that files of the process never have. */
  readonly umask: number
  /** Private writable memory (RLIMIT_DATA; MemoryMax under systemd), MiB. */
  readonly memoryLimitMiB: number
  readonly readiness: Probe
  /** What the guard keeps asking for; all of it succeeds while the unit is well. Absent: nobody waits for the unit. */
  readonly health?: readonly Probe[]
  /** The program says itself that it is at work; it is replaced after so many milliseconds without a word. */
  readonly watchdogMs?: number
  /** How long the first start may take until the probe succeeds. */
  readonly readyTimeoutMs: number
  /** Between SIGTERM and SIGKILL. */
  readonly stopTimeoutMs: number
  /** Signal that makes the program read its configuration, or open its log, again. */
  readonly reloadSignal?: NodeJS.Signals
}

/** What an operator wants to know of a unit. */
export interface UnitStatus {
  readonly name: string
  readonly description: string
  /** `starting`: the process runs, the probe does not succeed yet. `waiting`: it ended and comes back shortly. */
  readonly state: 'running' | 'starting' | 'waiting' | 'stopped' | 'failed'
  readonly pid?: number
  /** Milliseconds since the epoch: when the present process was started. */
  readonly since?: number
  /** How often it ended by itself and was started again. */
  readonly restarts: number
  /** How the last process ended: `exit status 1`, `signal SIGKILL`. */
  readonly lastExit?: string
  /** The last lines it wrote, for the sentence that says why it does not start. */
  readonly lastWords?: string
}
