import type { Readable } from 'node:stream'
import { fail } from '../../base/errors.ts'
import { type ActivationRequest, activationRequest, MAX_REQUEST } from './protocol.ts'

/** Reads from a stream in pieces of a wanted size; the stream's end before that is an error. */
class Pieces {
  private readonly source: AsyncIterator<Buffer>
  private chunk: Buffer = Buffer.alloc(0)

  constructor(source: Readable) {
    // The answer goes the other way on the same connection.
    this.source = source.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>
  }

  /** Between 1 and `most` octets. */
  async next(most: number): Promise<Buffer> {
    while (this.chunk.length === 0) {
      const { done, value } = await this.source.next()
      if (done === true) fail('system.unreachable', 'The request was cut off; nothing was changed.')
      this.chunk = value
    }
    const piece = this.chunk.subarray(0, most)
    this.chunk = this.chunk.subarray(piece.length)
    return piece
  }

  async exactly(length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(length)
    for (let at = 0; at < length; ) at += (await this.next(length - at)).copy(bytes, at)
    return bytes
  }

  async line(): Promise<string> {
    const bytes: number[] = []
    while (bytes.length < MAX_REQUEST) {
      const [octet] = await this.next(1)
      if (octet === 0x0a) return Buffer.from(bytes).toString('utf8')
      bytes.push(octet!)
    }
    return fail('config.value', `The request's line is longer than ${MAX_REQUEST} octets.`)
  }
}

/** A request and, but for a rollback, the octets of its policy; at most `maxBytes` of them. Throws ClawgressError. */
export async function readActivationRequest(
  source: Readable,
  maxBytes: number,
): Promise<{ request: ActivationRequest; policy: Buffer }> {
  const pieces = new Pieces(source)
  const request = parse(await pieces.line())
  const parts: Buffer[] = []
  let total = 0
  while (request.operation !== 'rollback') {
    const length = (await pieces.exactly(4)).readUInt32BE()
    if (length === 0) break
    total += length
    if (total > maxBytes) fail('policy.limit', `The policy is larger than ${maxBytes} octets.`)
    parts.push(await pieces.exactly(length))
  }
  return { request, policy: Buffer.concat(parts) }
}

function parse(line: string): ActivationRequest {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return fail('config.syntax', 'The request is not JSON.')
  }
  const parsed = activationRequest.safeParse(value)
  return parsed.success ? parsed.data : fail('config.value', 'The request is none that root answers.')
}
