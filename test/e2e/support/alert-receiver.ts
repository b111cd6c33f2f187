import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { inNamespace } from '../../../src/standalone/lab/namespace.ts'

export interface Delivery {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** An https server that keeps what is posted: `/slow` is never answered, `/error` by 500, `/elsewhere` by a redirect to `/stolen`. */
const SERVER = `
const { createServer } = require('node:https')
const { readFileSync } = require('node:fs')
const [, cert, key, port] = process.argv
const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, response) => {
  let body = ''
  request.on('data', (part) => { body += part })
  request.on('end', () => {
    console.log(JSON.stringify({ path: request.url, headers: request.headers, body }))
    if (request.url === '/slow') return
    if (request.url === '/error') response.writeHead(500)
    if (request.url === '/elsewhere') response.writeHead(307, { location: '/stolen' })
    response.end()
  })
})
server.listen(Number(port), '::', () => console.log('listening'))
`

/** A receiver of alerts in a namespace of a lab. */
export class AlertReceiver implements AsyncDisposable {
  readonly deliveries: Delivery[] = []
  private readonly stop: () => Promise<void>

  private constructor(stop: () => Promise<void>) {
    this.stop = stop
  }

  /** @param tls paths of PEM files */
  static async open(
    namespace: string,
    port: number,
    tls: { certificate: string; key: string },
  ): Promise<AlertReceiver> {
    const words = [process.execPath, '-e', SERVER, tls.certificate, tls.key, String(port)]
    const [program, args] = inNamespace(namespace, words)
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const receiver = new AlertReceiver(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill()
      await once(child, 'exit')
    })
    await new Promise<void>((resolve, reject) => {
      child.once('exit', () => reject(new Error('the receiver of alerts did not start')))
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line === 'listening') resolve()
        else receiver.deliveries.push(JSON.parse(line) as Delivery)
      })
    })
    return receiver
  }

  to(path: string): Delivery[] {
    return this.deliveries.filter((delivery) => delivery.path === path)
  }

  /** Whether an alert was told in that state. */
  hasTold(path: string, alertname: string, status: string): boolean {
    return this.to(path).some(({ body }) =>
      (JSON.parse(body) as { alerts: { status: string; labels: { alertname: string } }[] }).alerts.some(
        (alert) => alert.labels.alertname === alertname && alert.status === status,
      ),
    )
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}
