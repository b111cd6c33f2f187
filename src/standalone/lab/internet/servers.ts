import { createSocket } from 'node:dgram'
import { openSync, writeSync } from 'node:fs'
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { FALSE_RESOLVERS, UDP_HOSTS } from './addresses.ts'
import { readCertificates } from './certificates.ts'
import type { InternetEvent } from './event.ts'
import { falseAnswer, readQuestion } from './false-resolver.ts'

const RAW_PORTS = [22, 8080]

/**
 * Main of `clawgress lab-internet`: web servers for every name, raw TCP and UDP servers, and resolvers that answer
 * anything, all on every address of the internet. Writes what they see to `eventsFile` and runs until it is ended.
 */
export async function runInternet(eventsFile: string, certificatesFolder: string): Promise<void> {
  const events = openSync(eventsFile, 'a')
  const record = (event: Omit<InternetEvent, 'at'>) =>
    void writeSync(events, `${JSON.stringify({ at: Date.now(), ...event })}\n`)
  const web = (request: IncomingMessage, response: ServerResponse) => answerRequest(record, request, response)
  const hold = (request: IncomingMessage, socket: Duplex) => holdConnection(record, request, socket)
  const http = createHttpServer(web).on('upgrade', hold)
  const https = createHttpsServer(await readCertificates(certificatesFolder), web).on('upgrade', hold)
  https.on('secureConnection', (socket: TLSSocket & { readonly servername?: string | false }) => {
    watch(record, socket)
    record({ event: 'hello', ...ends(socket), ...(socket.servername ? { name: socket.servername } : {}) })
  })
  https.on('tlsClientError', () => undefined)
  const everywhere: [Server, number][] = [
    [http, 80],
    [https, 443],
    ...RAW_PORTS.map((port): [Server, number] => [createServer(echo), port]),
  ]
  // On port 53 and 853 the authoritative servers have their own addresses, so these listen on named ones only.
  const single = UDP_HOSTS.flatMap((address) => [53, 853].map((port) => ({ address, port })))
  await Promise.all([
    ...everywhere.map(([server, port]) => listen(record, server, port, '::')),
    ...single.map(({ address, port }) => listen(record, createServer(echo), port, address)),
    ...UDP_HOSTS.map((address) => openDatagrams(record, address, 443)),
    ...FALSE_RESOLVERS.map((address) => openDatagrams(record, address, 53)),
  ])
  record({ event: 'ready' })
}

type Recorder = (event: Omit<InternetEvent, 'at'>) => void

/** IPv4 in its own form, though one socket serves both families. */
const plain = (address: string | undefined) => (address ?? '').replace(/^::ffff:/, '')

const ends = (socket: Socket) => ({
  local: plain(socket.localAddress),
  port: socket.localPort ?? 0,
  remote: plain(socket.remoteAddress),
  remotePort: socket.remotePort ?? 0,
})

function listen(record: Recorder, server: Server, port: number, address: string): Promise<void> {
  server.on('connection', (socket: Socket) => {
    record({ event: 'open', ...ends(socket) })
    watch(record, socket)
  })
  return new Promise((ready, failed) => server.once('error', failed).listen({ port, host: address }, ready))
}

/** Records how the connection ended. A TLS socket takes over the raw one: whichever is told first records it. */
function watch(record: Recorder, socket: Socket): void {
  const place = ends(socket)
  const key = `${place.local} ${place.port} ${place.remote} ${place.remotePort}`
  open.add(key)
  const end = (event: 'reset' | 'close') => open.delete(key) && record({ event, ...place })
  socket.on('error', (error: NodeJS.ErrnoException) => end(error.code === 'ECONNRESET' ? 'reset' : 'close'))
  socket.on('close', () => end('close'))
}

const open = new Set<string>()

function echo(socket: Socket): void {
  socket.on('data', (data) => socket.write(data))
}

function answerRequest(record: Recorder, request: IncomingMessage, response: ServerResponse): void {
  const name = request.headers.host ?? ''
  record({ event: 'request', ...ends(request.socket), name })
  request.resume()
  response.setHeader('content-type', 'application/json')
  response.end(`${JSON.stringify({ host: name, path: request.url, client: plain(request.socket.remoteAddress) })}\n`)
}

/**
 * Keeps a connection open after an HTTP upgrade. Header `x-lab-mode`: `push` (the server sends), `echo` (it answers
 * what the client sends) or `idle` (nobody sends).
 */
function holdConnection(record: Recorder, request: IncomingMessage, duplex: Duplex): void {
  const socket = duplex as Socket
  record({ event: 'request', ...ends(socket), name: request.headers.host ?? '' })
  socket.write('HTTP/1.1 101 Held\r\nConnection: Upgrade\r\nUpgrade: lab-hold\r\n\r\n')
  const mode = request.headers['x-lab-mode']
  socket.on('data', (data) => mode === 'echo' && socket.write(data))
  socket.on('end', () => socket.end())
  if (mode !== 'push') return
  const timer = setInterval(() => socket.write('.'), 20)
  socket.on('close', () => clearInterval(timer))
}

function openDatagrams(record: Recorder, address: string, port: number): Promise<void> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  socket.on('message', (data, from) => {
    const place = { local: address, port, remote: from.address, remotePort: from.port }
    const question = port === 53 ? readQuestion(data) : undefined
    if (question === undefined) record({ event: 'datagram', ...place })
    else record({ event: 'question', ...place, name: question.name })
    socket.send(question === undefined ? data : falseAnswer(data, question), from.port, from.address)
  })
  return new Promise((ready, failed) => socket.once('error', failed).bind(port, address, ready))
}
