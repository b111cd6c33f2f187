export interface ServerEvent {
  readonly event: string
  readonly data: string
}

/** Characters of one event; a longer one is no event of ours. */
const MAX_EVENT = 1 << 20

/**
 * Server-sent events of a body (WHATWG HTML, section 9.2), which EventSource could not ask for with a key in a header.
 * `onPart` hears of everything that comes, comments too.
 */
export async function* serverEvents(
  body: AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>,
  onPart?: () => void,
): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder()
  let waiting = ''
  for await (const part of chunksOf(body)) {
    onPart?.()
    waiting += decoder.decode(part, { stream: true })
    if (waiting.length > MAX_EVENT) throw new Error('an event is too long')
    for (let end = waiting.indexOf('\n\n'); end >= 0; end = waiting.indexOf('\n\n')) {
      const event = readEvent(waiting.slice(0, end))
      waiting = waiting.slice(end + 2)
      if (event !== undefined) yield event
    }
  }
}

/** The parts of a body; the rest is not fetched when the caller stops. Not every browser iterates over streams. */
export async function* chunksOf(
  body: AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  if (!('getReader' in body)) {
    yield* body
    return
  }
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel()
  }
}

function readEvent(block: string): ServerEvent | undefined {
  let event = 'message'
  const data: string[] = []
  for (const line of block.split('\n')) {
    const [, field, value = ''] = /^([a-z]+):? ?(.*)$/.exec(line) ?? []
    if (field === 'event') event = value
    else if (field === 'data') data.push(value)
  }
  return data.length === 0 ? undefined : { event, data: data.join('\n') }
}
