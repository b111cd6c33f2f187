import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { clientKey } from '../../base/address.ts'
import { Connection } from './connection.ts'
import type { ApiSettings } from './settings.ts'

/** What a slow or hungry client can hold, in milliseconds and connections. */
export interface ListenLimits {
  /** For the headers of a request, and for a TLS handshake. */
  readonly headersMs: number
  /** For a whole request, a policy of 256 MiB included. */
  readonly requestMs: number
  readonly idleMs: number
  /** For a reader to take what was written to it at once. */
  readonly stallMs: number
  readonly connections: number
  readonly connectionsPerClient: number
}

export const LISTEN_LIMITS: ListenLimits = {
  headersMs: 5_000,
  requestMs: 120_000,
  idleMs: 10_000,
  stallMs: 30_000,
  connections: 512,
  connectionsPerClient: 64,
}

/** Octets of all headers of a request. */
const MAX_HEADERS = 16 << 10
const CLOSE_MS = 2_000

/** Connections by client, over all addresses that are listened on. */
export class Connections {
  private readonly counts = new Map<string, number>()
  private readonly limits: ListenLimits
  private total = 0

  constructor(limits: ListenLimits) {
    this.limits = limits
  }

  admit(socket: Socket): void {
    const client = clientKey(socket.remoteAddress ?? '')
    const count = (this.counts.get(client) ?? 0) + 1
    if (count > this.limits.connectionsPerClient || this.total >= this.limits.connections) {
      socket.destroy()
      return
    }
    this.counts.set(client, count)
    this.total++
    socket.once('close', () => {
      this.total--
      const left = this.counts.get(client)! - 1
      if (left > 0) this.counts.set(client, left)
      else this.counts.delete(client)
    })
  }
}

/** An open server. */
export interface Listening {
  /** Requests under way have a moment to end. */
  close(): Promise<void>
  /** Shows another certificate to who connects from now on; only where there is one. */
  renew(tls: NonNullable<ApiSettings['tls']>): void
}

/**
 * Listens on an address. Rejects with the system's error where that is not possible. Connections that are refused for
 * their number are closed without a word.
 */
export async function listen(
  { address, port, tls }: { readonly address: string } & Pick<ApiSettings, 'port' | 'tls'>,
  handle: RequestListener,
  limits: ListenLimits = LISTEN_LIMITS,
  connections = new Connections(limits),
): Promise<Listening> {
  const options = {
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.idleMs,
    connectionsCheckingInterval: Math.min(1_000, limits.headersMs / 2),
    maxHeaderSize: MAX_HEADERS,
    // Said below: Node answers such requests itself, as many as there are.
    requireHostHeader: false,
  }
  const secure =
    tls === undefined
      ? undefined
      : createTlsServer({ ...options, ...secureContext(tls), handshakeTimeout: limits.headersMs })
  const server = secure ?? createServer(options)
  server.prependListener('connection', (socket: Socket) => connections.admit(socket))
  serveInTurn(server, secure === undefined ? 'connection' : 'secureConnection', handle, limits)
  await listenOn(server, address, port)
  return { close: () => closeServer(server), renew: (renewed) => secure?.setSecureContext(secureContext(renewed)) }
}

const secureContext = ({ certificate, key }: NonNullable<ApiSettings['tls']>) =>
  ({ cert: certificate, key, minVersion: 'TLSv1.2' }) as const

/** Puts a Connection between each socket and the server. */
function serveInTurn(
  server: Server,
  event: 'connection' | 'secureConnection',
  handle: RequestListener,
  { stallMs }: ListenLimits,
): void {
  const serve = server.listeners(event).at(-1) as (connection: Duplex) => void
  server.off(event, serve)
  server.on(event, (socket: Socket) => serve.call(server, new Connection(socket, stallMs)))
  const begin =
    (answer: RequestListener): RequestListener =>
    (request, response) => {
      if ((request.socket as unknown as Connection).begin(request, response)) answer(request, response)
    }
  const refuse =
    (status: number): RequestListener =>
    (_request, response) =>
      void response.writeHead(status, { connection: 'close' }).end()
  server.on(
    'request',
    begin((request, response) => {
      const isNamed = request.headers.host !== undefined || request.httpVersion === '1.0'
      ;(isNamed ? handle : refuse(400))(request, response)
    }),
  )
  server.on('checkExpectation', begin(refuse(417)))
}

const listenOn = (server: Server, address: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, address, () => {
      server.off('error', reject)
      // A connection that fails later is not the server's end.
      server.on('error', () => {})
      resolve()
    })
  })

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(() => server.closeAllConnections(), CLOSE_MS)
    server.close(() => {
      clearTimeout(late)
      resolve()
    })
    server.closeIdleConnections()
  })
}
