import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'

/** For everything from the look-up of the name to the answer, milliseconds. */
export const TIMEOUT_MS = 10_000

export interface PostOptions {
  readonly headers: Readonly<Record<string, string>>
  /** PEM of trusted authorities; absent: those of the system. */
  readonly authorities?: string | undefined
  readonly timeoutMs?: number
}

export interface Answered {
  readonly status: number
  /** Milliseconds that the receiver asks to be left alone. */
  readonly retryAfterMs?: number
}

/**
 * Posts JSON once. Follows no redirect, reads no answer beyond its head, and trusts TLS only as far as it is verified.
 * Rejects with a sentence where nobody answered; nothing of the address but its host is in it.
 */
export function post(url: string, body: string, options: PostOptions): Promise<Answered> {
  const { headers, authorities, timeoutMs = TIMEOUT_MS } = options
  const { protocol, hostname } = new URL(url)
  const bytes = Buffer.from(body)
  return new Promise((resolve, reject) => {
    const send = protocol === 'https:' ? httpsRequest : httpRequest
    const request = send(url, {
      method: 'POST',
      headers: {
        ...headers,
        'content-type': 'application/json',
        'content-length': bytes.length,
        'user-agent': 'clawgress',
      },
      // A connection of its own: one that is kept open may be dead without saying so.
      agent: false,
      signal: AbortSignal.timeout(timeoutMs),
      ...(protocol === 'https:' ? { minVersion: 'TLSv1.2' as const, rejectUnauthorized: true } : {}),
      ...(authorities === undefined ? {} : { ca: authorities }),
    })
    request.once('response', (response) => {
      resolve({ status: response.statusCode ?? 0, ...retryAfter(response) })
      response.destroy()
    })
    request.on('error', (error) => reject(new Error(`${hostname}: ${reasonOf(error, timeoutMs)}`)))
    request.end(bytes)
  })
}

/** Only the form in seconds: a date would be by another clock. */
function retryAfter({ headers }: IncomingMessage): Pick<Answered, 'retryAfterMs'> {
  const seconds = headers['retry-after']
  return seconds !== undefined && /^\d{1,6}$/.test(seconds) ? { retryAfterMs: Number(seconds) * 1_000 } : {}
}

function reasonOf(error: NodeJS.ErrnoException, timeoutMs: number): string {
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return `no answer within ${timeoutMs / 1_000} s`
  const { code = error.message } = error
  return REASONS[code] ?? (code.startsWith('HPE_') ? 'what it answered is not HTTP' : code.slice(0, 100))
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was closed without an answer',
  EPROTO: 'what it answered is not TLS',
  HPE_HEADER_OVERFLOW: 'the head of its answer is too large',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  ENOTFOUND: 'the name does not exist',
  EAI_AGAIN: 'the name could not be resolved',
  CERT_HAS_EXPIRED: 'its certificate has ended',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself, and not trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is of an authority that is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is of an authority that is not trusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is of an authority that is not trusted',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
}
