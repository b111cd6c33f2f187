import { performance } from 'node:perf_hooks'
import { ClawgressError, fail } from '../../base/errors.ts'

/** The parts of a body of at most so many octets. Throws `api.size`. */
export async function* bounded(source: AsyncIterable<Buffer>, most: number): AsyncGenerator<Buffer, void> {
  let total = 0
  for await (const part of source) {
    total += part.length
    if (total > most) fail('api.size', `The body is larger than ${most} octets.`)
    yield part
  }
}

/** The parts of a body of which `bytes` octets, or the rest, must come within `ms` milliseconds. Throws `api.slow`. */
export async function* paced(
  source: AsyncGenerator<Buffer, void>,
  bytes: number,
  ms: number,
): AsyncGenerator<Buffer, void> {
  let came = 0
  let left = ms
  for (;;) {
    const asked = performance.now()
    const { done, value } = await within(left, source.next())
    if (done === true) return
    // What its reader takes is not the sender's fault.
    left -= performance.now() - asked
    came += value.length
    if (came >= bytes) {
      came = 0
      left = ms
    }
    yield value
  }
}

/** The text of a short body. Throws `api.size`. */
export async function textOf(source: AsyncIterable<Buffer>, most: number): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of bounded(source, most)) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}

async function within<Value>(ms: number, work: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    const slow = { code: 'api.slow', message: 'The body comes too slowly; nothing was changed.' } as const
    timer = setTimeout(() => reject(new ClawgressError(slow)), ms)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
