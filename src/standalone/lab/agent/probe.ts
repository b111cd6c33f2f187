import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { connect as connectTls } from 'node:tls'
import type { Attempt, AttemptEvent } from './event.ts'

const OPEN_TIMEOUT_MS = 3000
const BEAT_MS = 20

/** One attempt under way. */
interface Open {
  readonly attempt: Attempt
  readonly since: number
  received: number
  held: boolean
  over: boolean
}

/**
 * Main of `clawgress lab-agent`: opens the attempts and tells by JSON lines on standard output what becomes of them.
 * Each line on standard input is answered by a `beat` of every attempt; it ends when standard input does, or when all
 * attempts are over.
 */
export async function runProbe(attempts: readonly Attempt[], authorityFile: string): Promise<void> {
  const ca = attempts.some(({ protocol }) => protocol === 'tls') ? readFileSync(authorityFile) : undefined
  const all = attempts.map((attempt): Open => ({ attempt, since: Date.now(), received: 0, held: false, over: false }))
  const settled = Promise.all(all.map((open) => run(open, ca)))
  const input = createInterface({ input: process.stdin })
  input.on('line', () => {
    for (const open of all) tell(open, 'beat')
  })
  await Promise.race([settled, new Promise((ended) => input.once('close', ended))])
  process.exit(0)
}

function tell(open: Open, event: AttemptEvent['event'], more: Partial<AttemptEvent> = {}): void {
  const at = Date.now()
  const { attempt, since, received } = open
  process.stdout.write(`${JSON.stringify({ at, id: attempt.id, event, ms: at - since, received, ...more })}\n`)
}

/** Resolves when the attempt is over, whatever came of it. */
async function run(open: Open, ca: Buffer | undefined): Promise<void> {
  const { to, family } = open.attempt
  let address: string
  try {
    address = (await lookup(to, family === undefined ? {} : { family })).address
  } catch (error) {
    return tell(open, 'refused', { code: (error as NodeJS.ErrnoException).code ?? 'ENOTFOUND' })
  }
  return open.attempt.protocol === 'udp' ? runDatagrams(open, address) : runStream(open, address, ca)
}

function runStream(open: Open, address: string, ca: Buffer | undefined): Promise<void> {
  const { attempt } = open
  const name = attempt.name ?? attempt.to
  const socket: Socket =
    attempt.protocol === 'tls'
      ? connectTls({ host: address, port: attempt.port, servername: name, ...(ca === undefined ? {} : { ca }) })
      : connect({ host: address, port: attempt.port })
  return new Promise((over) => {
    const finish = (event: AttemptEvent['event'], code?: string) => {
      if (open.over) return
      open.over = true
      clearTimeout(limit)
      clearInterval(beat)
      tell(open, event, code === undefined ? { address } : { address, code })
      socket.destroy()
      over()
    }
    const limit = setTimeout(() => finish('silent'), OPEN_TIMEOUT_MS)
    let beat: NodeJS.Timeout | undefined
    const hold = () => {
      open.held = true
      clearTimeout(limit)
      tell(open, 'held', { address, localPort: socket.localPort ?? 0 })
      if (attempt.mode === 'once') return finish('closed')
      if (attempt.mode === 'echo') beat = setInterval(() => socket.write('.'), BEAT_MS)
    }
    socket.once(attempt.protocol === 'tls' ? 'secureConnect' : 'connect', () => {
      if (attempt.mode === 'once') return hold()
      socket.write(
        `GET / HTTP/1.1\r\nHost: ${name}\r\nConnection: Upgrade\r\nUpgrade: lab-hold\r\nX-Lab-Mode: ${attempt.mode}\r\n\r\n`,
      )
    })
    socket.on('data', (data) => {
      open.received += data.length
      if (!open.held) hold()
    })
    socket.on('error', (error: NodeJS.ErrnoException) => finish(open.held ? 'reset' : 'refused', error.code ?? 'ERROR'))
    socket.on('close', () => finish(open.held ? 'closed' : 'refused', open.held ? undefined : 'CLOSED'))
  })
}

function runDatagrams(open: Open, address: string): Promise<void> {
  const { attempt } = open
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  return new Promise((over) => {
    const finish = (event: AttemptEvent['event'], code?: string) => {
      if (open.over) return
      open.over = true
      clearTimeout(limit)
      clearInterval(beat)
      tell(open, event, code === undefined ? { address } : { address, code })
      socket.close()
      over()
    }
    const limit = setTimeout(() => finish('silent'), OPEN_TIMEOUT_MS)
    let beat: NodeJS.Timeout | undefined
    const failed = (error: Error | null) => {
      if (error !== null) finish(open.held ? 'reset' : 'refused', (error as NodeJS.ErrnoException).code ?? 'ERROR')
    }
    socket.on('error', failed)
    socket.on('message', (data) => {
      open.received += data.length
      if (open.held) return
      open.held = true
      clearTimeout(limit)
      tell(open, 'held', { address, localPort: socket.address().port })
      if (attempt.mode === 'once') finish('closed')
    })
    // A callback of `connect` would be called on failure, too, and no `error` told.
    socket.once('connect', () => {
      socket.send('.', failed)
      if (attempt.mode !== 'idle') beat = setInterval(() => !open.over && socket.send('.', failed), BEAT_MS)
    })
    socket.connect(attempt.port, address)
  })
}
