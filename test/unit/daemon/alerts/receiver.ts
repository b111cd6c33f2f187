import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

export interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly path: string
}

/** A real receiver of alerts on loopback that answers as it is told to. */
export class Receiver {
  readonly received: Received[] = []
  /** Answers; 200 unless told. */
  answer: (response: ServerResponse) => void = (response) => response.writeHead(200).end()
  private readonly server: Server
  private readonly scheme: string
  url = ''

  private constructor(tls?: { cert: string; key: string }) {
    this.scheme = tls === undefined ? 'http' : 'https'
    this.server = tls === undefined ? createServer() : createTlsServer(tls)
    this.server.on('request', (request, response) => {
      let body = ''
      request.setEncoding('utf8').on('data', (part: string) => {
        body += part
      })
      request.on('end', () => {
        this.received.push({ headers: request.headers, body, path: request.url ?? '' })
        this.answer(response)
      })
    })
  }

  static async open(host = '127.0.0.1', tls?: { cert: string; key: string }): Promise<Receiver> {
    const receiver = new Receiver(tls)
    await new Promise<void>((resolve) => receiver.server.listen(0, host, resolve))
    const { address, port, family } = receiver.server.address() as AddressInfo
    receiver.url = `${receiver.scheme}://${family === 'IPv6' ? `[${address}]` : address}:${port}/hook`
    return receiver
  }

  close(): void {
    this.server.close()
    this.server.closeAllConnections()
  }
}
