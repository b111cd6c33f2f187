import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { formatAddress } from '../../../../src/base/address.ts'
import { decodeMessage, encodeMessage, queryMessage } from '../../../../src/dns/message/index.ts'

/** Runs inside an agent's namespace, told what to do by the test through the process channel. */

export interface FirstConnect {
  readonly task: 'first-connect'
  readonly id: number
  readonly resolver: string
  readonly names: readonly string[]
  readonly type: number
  readonly port: number
  readonly parallel: number
  /** How often to ask again, a quarter of a second apart, where there are no addresses. */
  readonly retries?: number
}

export interface OpenFlow {
  readonly task: 'open'
  readonly id: number
  readonly address: string
  readonly port: number
}

export interface FirstConnectResult {
  readonly id: number
  /** Names without an address, and why. */
  readonly unanswered: readonly string[]
  /** Questions that had to be asked again. */
  readonly asked: number
  readonly refused: readonly string[]
  readonly connected: number
}

export interface FlowEvent {
  readonly id: number
  readonly event: 'connected' | 'ended'
  readonly error?: string
  /** Milliseconds since the epoch. */
  readonly at: number
}

async function resolve(resolver: string, name: string, type: number): Promise<string[]> {
  const socket = createSocket(resolver.includes(':') ? 'udp6' : 'udp4')
  try {
    return await new Promise<string[]>((done, failed) => {
      const timer = setTimeout(() => failed(new Error('no answer')), 3_000)
      socket.on('error', failed)
      socket.on('message', (bytes) => {
        clearTimeout(timer)
        const { answers, rcode } = decodeMessage(bytes)
        if (answers.length === 0) failed(new Error(`response code ${rcode}`))
        done(answers.flatMap(({ data }) => (data.kind === 'address' ? [formatAddress(data.address)] : [])))
      })
      socket.send(encodeMessage(queryMessage(1, { name, type })), 53, resolver)
    })
  } finally {
    socket.close()
  }
}

const tryConnect = (address: string, port: number): Promise<string | undefined> =>
  new Promise((done) => {
    const socket = connect({ host: address, port })
    socket.setTimeout(3_000, () => socket.destroy(new Error('timeout')))
    socket.on('connect', () => {
      socket.destroy()
      done(undefined)
    })
    socket.on('error', (error) => done(error.message))
  })

async function firstConnect(task: FirstConnect): Promise<FirstConnectResult> {
  const unanswered: string[] = []
  const refused: string[] = []
  let connected = 0
  const names = [...task.names]
  let asked = 0
  const patiently = async (name: string): Promise<string[]> => {
    for (let tries = task.retries ?? 0; ; tries--) {
      try {
        asked++
        return await resolve(task.resolver, name, task.type)
      } catch (error) {
        if (tries === 0) {
          unanswered.push(`${name}: ${(error as Error).message}`)
          return []
        }
        await new Promise((resume) => setTimeout(resume, 250))
      }
    }
  }
  const worker = async () => {
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      const addresses = await patiently(name)
      for (const address of addresses) {
        const error = await tryConnect(address, task.port)
        if (error === undefined) connected++
        else refused.push(`${name} ${address}: ${error}`)
      }
    }
  }
  await Promise.all(Array.from({ length: task.parallel }, worker))
  return { id: task.id, unanswered, asked, refused, connected }
}

function openFlow({ id, address, port }: OpenFlow): void {
  const socket = connect({ host: address, port })
  const tell = (event: FlowEvent['event'], error?: string) => {
    process.send!({ id, event, at: Date.now(), ...(error === undefined ? {} : { error }) } satisfies FlowEvent)
  }
  socket.on('connect', () => tell('connected'))
  socket.on('error', (error) => tell('ended', (error as NodeJS.ErrnoException).code ?? error.message))
}

process.on('message', (task: FirstConnect | OpenFlow) => {
  if (task.task === 'first-connect') void firstConnect(task).then((result) => process.send!(result))
  else openFlow(task)
})
process.on('disconnect', () => process.exit(0))
process.send!('ready')
