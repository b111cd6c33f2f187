import type { Alert } from './alert.ts'
import { printPayload, type Sender } from './payload.ts'
import { type Answered, type PostOptions, post } from './post.ts'
import type { Webhook } from './settings.ts'
import { signatureHeaders } from './signature.ts'

/** Posts a body once; `post` but in tests. */
export type Send = (url: string, body: string, options: PostOptions) => Promise<Answered>

/** The body itself is refused, and would be each time. */
const REFUSED: readonly number[] = [400, 413, 422]

export interface Reply {
  readonly result: 'taken' | 'refused' | 'failed'
  /** What was answered, or why nothing was; a few words. */
  readonly words: string
  /** Milliseconds that the receiver asks to be left alone. */
  readonly retryAfterMs: number
}

/** Tells a receiver of alerts once, signed and verified as it is configured. Never rejects. */
export async function sendMessage(
  { url, format, secret, authorities }: Webhook,
  alerts: readonly Alert[],
  sender: Sender,
  now: number,
  send: Send = post,
): Promise<Reply> {
  const body = printPayload(format, alerts, sender, now)
  try {
    const { status, retryAfterMs = 0 } = await send(url, body, {
      headers: signatureHeaders(secret, body, now),
      authorities,
    })
    const result = status >= 200 && status < 300 ? 'taken' : REFUSED.includes(status) ? 'refused' : 'failed'
    return { result, words: `it answered ${status}`, retryAfterMs }
  } catch (error) {
    return { result: 'failed', words: (error as Error).message, retryAfterMs: 0 }
  }
}
