import { chunksOf, type ServerEvent, serverEvents } from './event-stream.ts'

/** What the gateway refused, in its own words. */
export class ApiError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

interface Envelope {
  readonly success: boolean
  readonly data: unknown
  readonly error: string | null
}

const TIMEOUT_MS = 20_000
/** A stream that says nothing for so long is dead: the gateway sends a sign of life every 15 s. */
const SILENCE_MS = 40_000

/**
 * The gateway's API, with a key that stays in this object. Calls reject with ApiError, or with another error where nobody
 * answers. After `signal` nothing is asked or answered any more: calls do not settle, so that nobody shows what comes late.
 */
export class Api {
  readonly #key: string
  readonly #signal: AbortSignal
  readonly #onRefused: (error: ApiError) => void

  /** `onRefused` hears that the key is not valid, or no longer. */
  constructor(key: string, signal: AbortSignal, onRefused: (error: ApiError) => void) {
    this.#key = key
    this.#signal = signal
    this.#onRefused = onRefused
  }

  async get<Data>(path: string, query: Readonly<Record<string, string | number | undefined>> = {}): Promise<Data> {
    return (await this.#ask(withQuery(path, query))) as Data
  }

  async post<Data>(path: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<Data> {
    const init = {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { ...headers, 'content-type': 'application/json' },
    }
    return (await this.#ask(path, init, 4 * TIMEOUT_MS)) as Data
  }

  /** The beginning of an answer as text; the rest is not fetched. */
  begin(path: string, characters: number): Promise<{ text: string; isCut: boolean }> {
    return this.#within(TIMEOUT_MS, async (signal) => {
      const response = await this.#fetch(path, { signal })
      if (!response.ok) await this.#read(response)
      const decoder = new TextDecoder()
      let text = ''
      for await (const part of chunksOf(response.body!)) {
        text += decoder.decode(part, { stream: true })
        if (text.length >= characters) return { text: text.slice(0, characters), isCut: true }
      }
      return { text, isCut: false }
    })
  }

  /** First `open`, then what is told. Ends when the gateway ends it; throws when the connection breaks or falls silent. */
  async *events(path: string): AsyncGenerator<ServerEvent> {
    const ending = new AbortController()
    const end = () => ending.abort()
    this.#signal.addEventListener('abort', end)
    let silence = setTimeout(end, SILENCE_MS)
    const onPart = () => {
      clearTimeout(silence)
      silence = setTimeout(end, SILENCE_MS)
    }
    try {
      const response = await this.#fetch(path, { signal: ending.signal })
      if (!response.ok || response.body === null) await this.#read(response)
      yield { event: 'open', data: '' }
      yield* serverEvents(response.body!, onPart)
    } finally {
      clearTimeout(silence)
      this.#signal.removeEventListener('abort', end)
      end()
    }
  }

  #ask(path: string, init: RequestInit = {}, timeoutMs = TIMEOUT_MS): Promise<unknown> {
    return this.#within(timeoutMs, async (signal) => this.#read(await this.#fetch(path, { ...init, signal })))
  }

  /** Ends work that takes too long. Not every browser has AbortSignal.any. */
  #within<Result>(timeoutMs: number, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const ending = new AbortController()
    const end = () => ending.abort()
    const timer = setTimeout(end, timeoutMs)
    this.#signal.addEventListener('abort', end)
    return new Promise((resolve, reject) => {
      const settle = (tell: () => void) => {
        clearTimeout(timer)
        if (this.#signal.aborted) return
        this.#signal.removeEventListener('abort', end)
        tell()
      }
      work(ending.signal).then(
        (result) => settle(() => resolve(result)),
        (error) => settle(() => reject(error)),
      )
    })
  }

  #fetch(path: string, init: RequestInit): Promise<Response> {
    const headers = { ...init.headers, 'x-api-key': this.#key }
    return fetch(path, { ...init, headers, credentials: 'omit', cache: 'no-store', redirect: 'error' })
  }

  async #read(response: Response): Promise<unknown> {
    const answer = envelopeOf(await response.text())
    if (response.ok && answer?.success === true) return answer.data
    const error = new ApiError(
      response.status,
      answer?.error ??
        `The answer (status ${response.status}) is not one of the gateway. Is there a proxy in between? Load the page again.`,
    )
    if (response.status === 401) this.#onRefused(error)
    throw error
  }
}

/** Undefined where the text is no answer of the API: a proxy in between may write what it likes. */
function envelopeOf(text: string): Envelope | undefined {
  try {
    return JSON.parse(text) as Envelope
  } catch {
    // The caller says so, with the status.
    return undefined
  }
}

function withQuery(path: string, query: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(query).flatMap(([name, value]): [string, string][] =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  )
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`
}
