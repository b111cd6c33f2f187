import { type ServerEvent, serverEvents } from './event-stream.ts'

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

/** The gateway's API, with a key that stays in this object. Calls reject with ApiError, or with TypeError where nobody answers. */
export class Api {
  readonly #key: string
  readonly #onRefused: () => void

  /** `onRefused` hears that the key is valid no longer. */
  constructor(key: string, onRefused: () => void) {
    this.#key = key
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
      signal: AbortSignal.timeout(4 * TIMEOUT_MS),
    }
    return (await this.#ask(path, init)) as Data
  }

  /** The beginning of an answer as text; the rest is not fetched. */
  async begin(path: string, characters: number): Promise<{ text: string; isCut: boolean }> {
    const response = await this.#fetch(path, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    if (!response.ok) await this.#read(response)
    const reader = response.body!.getReader()
    const decoder = new TextDecoder()
    let text = ''
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return { text, isCut: false }
      text += decoder.decode(value, { stream: true })
      if (text.length < characters) continue
      await reader.cancel()
      return { text: text.slice(0, characters), isCut: true }
    }
  }

  /** Ends with the signal, or throws when the connection does. */
  async *events(path: string, signal: AbortSignal): AsyncGenerator<ServerEvent> {
    const response = await this.#fetch(path, { signal })
    if (!response.ok || response.body === null) await this.#read(response)
    yield* serverEvents(response.body!)
  }

  async #ask(path: string, init: RequestInit = { signal: AbortSignal.timeout(TIMEOUT_MS) }): Promise<unknown> {
    return this.#read(await this.#fetch(path, init))
  }

  #fetch(path: string, init: RequestInit): Promise<Response> {
    const headers = { ...init.headers, 'x-api-key': this.#key }
    return fetch(path, { ...init, headers, credentials: 'omit', cache: 'no-store', redirect: 'error' })
  }

  async #read(response: Response): Promise<unknown> {
    const answer = (await response.json().catch(() => undefined)) as Envelope | undefined
    if (response.ok && answer?.success === true) return answer.data
    if (response.status === 401) this.#onRefused()
    throw new ApiError(response.status, answer?.error ?? `The gateway answered with status ${response.status}.`)
  }
}

function withQuery(path: string, query: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(query).flatMap(([name, value]): [string, string][] =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  )
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`
}
