import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { createConnection, type Socket } from 'node:net'
import { LISTEN_LIMITS, type Listening, listen } from '../../../../src/daemon/api/listen.ts'
import { until } from '../../../../src/standalone/lab/until.ts'
import { freePort, KEYS, rawConnection, serveApi, untilClosed } from './support/gateway.ts'

/** Milliseconds of the processor for a MiB of requests on each of 32 connections; answering them all takes 3,000 to 30,000. */
const MOST_WORK = 1_000

describe('a connection to the API', () => {
  const open: { close(): Promise<void> }[] = []
  const sockets: Socket[] = []
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    await Promise.all(open.splice(0).map((each) => each.close()))
  })
  const connect = async (port: number) => {
    const socket = await rawConnection(port)
    sockets.push(socket)
    return socket
  }
  const serve = async (handle: RequestListener, stallMs: number): Promise<number> => {
    const port = await freePort()
    const listening: Listening = await listen({ address: '127.0.0.1', port }, handle, { ...LISTEN_LIMITS, stallMs })
    open.push(listening)
    return port
  }

  it('holds up nothing else, however many requests come on it at once', async () => {
    const api = await serveApi()
    open.push(api)
    for (const request of [
      'GET /clawgress/health HTTP/1.1\r\nHost: x\r\n\r\n',
      `GET /clawgress/status HTTP/1.1\r\nHost: x\r\nX-API-Key: ${KEYS.viewer}\r\n\r\n`,
      'GET / HTTP/1.1\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: x\r\nExpect: x\r\n\r\n',
      'POST /clawgress/policy HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'POST /clawgress/policy HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx',
    ]) {
      const flood = Buffer.from(request.repeat(Math.ceil((1 << 20) / request.length)))
      const connections = await Promise.all(Array.from({ length: 32 }, () => connect(api.port)))
      const before = process.cpuUsage()
      await Promise.all(
        connections.map((socket) => {
          const closed = untilClosed(socket)
          socket.write(flood)
          return closed
        }),
      )
      const { user } = process.cpuUsage(before)
      assert.ok(user / 1000 < MOST_WORK, `${user / 1000} ms for ${request}`)
    }
  })

  it('answers one request after the other, also one that is sent in pieces or has a body', async () => {
    const port = await serve((request, response) => {
      const parts: Buffer[] = []
      request.on('data', (part) => parts.push(part))
      request.on('end', () => response.end(`${request.url} ${Buffer.concat(parts).length}`))
    }, 1_000)
    const socket = await connect(port)
    let came = ''
    const answered = (text: string) =>
      new Promise<void>((resolve) => {
        const look = (part: Buffer) => {
          came += part.toString('latin1')
          if (!came.endsWith(text)) return
          socket.off('data', look)
          resolve()
        }
        socket.on('data', look)
      })
    for (const size of [0, 1, 900, 5_000, 3 << 20]) {
      const head = `POST /${size} HTTP/1.1\r\nHost: x\r\n`
      const body = Buffer.alloc(size, 'x')
      const whole = answered(`\r\n\r\n/${size} ${size}`)
      socket.write(head)
      socket.write(Buffer.concat([Buffer.from(`Content-Length: ${size}\r\n\r\n`), body]))
      await whole
      const chunked = answered(`\r\n\r\n/${size} ${size}`)
      socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n`)
      if (size > 0) socket.write(Buffer.concat([Buffer.from(`${size.toString(16)}\r\n`), body, Buffer.from('\r\n')]))
      socket.write('0\r\n\r\n')
      await chunked
    }
  })

  it('finds room among those of all clients, again where another one has ended', async () => {
    const port = await freePort()
    const limits = { ...LISTEN_LIMITS, connectionsPerClient: 3, connections: 4 }
    open.push(await listen({ address: '127.0.0.1', port }, (_request, response) => void response.end(), limits))
    const isAdmitted = async (localAddress: string): Promise<boolean> => {
      const socket = createConnection({ port, host: '127.0.0.1', localAddress }).on('error', () => {})
      sockets.push(socket)
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
      return new Promise((resolve) => socket.once('data', () => resolve(true)).once('close', () => resolve(false)))
    }
    const admitted = async (client: string) => [await isAdmitted(client), await isAdmitted(client)]
    assert.deepEqual(await admitted('127.0.0.1'), [true, true])
    assert.deepEqual(await admitted('127.0.0.2'), [true, true])
    for (const client of ['127.0.0.1', '127.0.0.3']) assert.deepEqual(await admitted(client), [false, false], client)
    sockets[0]!.destroy()
    await until('there is room again', 15_000, () => isAdmitted('127.0.0.3'))
    assert.deepEqual(await admitted('127.0.0.3'), [false, false])
  })

  it('ends when its reader takes nothing of an answer, and not when it takes it slowly', async () => {
    const size = 32 << 20
    let ended: (isWhole: boolean) => void
    const port = await serve((_request, response) => {
      response.once('close', () => ended(response.writableFinished))
      for (let at = 0; at < 64; at++) response.write(Buffer.alloc(size / 64))
      response.end()
    }, 300)
    for (const isReading of [false, true]) {
      const end = new Promise<boolean>((resolve) => {
        ended = resolve
      })
      const socket = await connect(port)
      socket.pause()
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
      // Takes longer than a stall may, and never stalls.
      const reading = setInterval(() => isReading && socket.read(), 2)
      assert.equal(await end, isReading)
      clearInterval(reading)
    }
  })
})
