import { createConnection, type Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ClawgressError, fail } from '../../base/errors.ts'
import {
  type ActivationRequest,
  type ActivationResult,
  activationReply,
  END_OF_POLICY,
  framed,
  MAX_REPLY,
} from './protocol.ts'

/** A request whose policy was handed over whole; what comes of it is awaited apart, because it may take long. */
export interface Handed {
  readonly result: Promise<ActivationResult>
}

/**
 * Asks root for an activation. Resolves when the policy has been handed over; `result` rejects with ClawgressError.
 * Rejects with ClawgressError `system.unreachable` where nobody listens, and with the policy's own error where it ends
 * early: then nothing was asked for.
 */
export async function requestActivation(
  socketPath: string,
  request: ActivationRequest,
  policy?: Readable,
): Promise<Handed> {
  const socket = await connect(socketPath)
  const result = readReply(socket)
  // Rejections are the caller's once it has the promise; where handing over fails, they are looked at below.
  result.catch(() => undefined)
  try {
    socket.write(`${JSON.stringify(request)}\n`)
    if (policy !== undefined) await pipeline(policy, frames, socket, { end: false })
  } catch (error) {
    socket.destroy()
    // A refusal that came before the policy was whole, such as for its size, says more than the broken pipe does.
    const early = await result.then(
      () => undefined,
      (refusal: unknown) => refusal,
    )
    throw early instanceof ClawgressError && early.problems[0]?.code !== 'system.unreachable' ? early : error
  }
  return { result }
}

async function* frames(policy: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  for await (const part of policy) if (part.length > 0) yield* framed(part)
  yield END_OF_POLICY
}

const NOBODY =
  'The guard, which activates policies, does not answer; nothing was changed. Enter "restart clawgress" on the gateway.'

function connect(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path)
    socket.once('error', () => reject(new ClawgressError({ code: 'system.unreachable', message: NOBODY })))
    socket.once('connect', () => {
      socket.on('error', () => socket.destroy())
      resolve(socket)
    })
  })
}

const CUT_OFF =
  'The activation ended without an answer; look at the status: either the policy before or the new one is live, and the next commit mends what is left.'

async function readReply(socket: Socket): Promise<ActivationResult> {
  const chunks: Buffer[] = []
  let length = 0
  await new Promise<void>((resolve) => {
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      length += chunk.length
      if (length > MAX_REPLY) socket.destroy()
    })
    socket.once('end', () => resolve())
    socket.once('close', () => resolve())
  })
  socket.destroy()
  let value: unknown
  try {
    value = JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    return fail('system.unreachable', CUT_OFF)
  }
  const parsed = activationReply.safeParse(value)
  if (!parsed.success) return fail('system.unreachable', CUT_OFF)
  if (!parsed.data.ok) throw new ClawgressError(parsed.data.problems)
  return parsed.data.result
}
