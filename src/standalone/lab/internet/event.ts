/** What a server of the lab's internet saw, one JSON line each. */
export interface InternetEvent {
  /** Milliseconds since the epoch; all namespaces share one clock. */
  readonly at: number
  /** `reset`: the connection was torn down by a TCP reset. */
  readonly event: 'ready' | 'open' | 'hello' | 'request' | 'close' | 'reset' | 'datagram' | 'question'
  /** Address and port of the server that was reached. */
  readonly local?: string
  readonly port?: number
  readonly remote?: string
  readonly remotePort?: number
  /** Server name of the TLS hello, Host header, or asked name. */
  readonly name?: string
}
