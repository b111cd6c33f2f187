import { createHash, createHmac } from 'node:crypto'

/**
 * Headers by which a receiver knows that a message is ours, recent and whole (Standard Webhooks 1.0): the signature is
 * an HMAC-SHA256 over id, timestamp and body. The same body has the same id, so that a message sent twice is known.
 * `now` in milliseconds since the epoch; `secret` as `WEBHOOK_SECRET` says.
 */
export function signatureHeaders(secret: string | undefined, body: string, now: number): Record<string, string> {
  const id = `msg_${createHash('sha256').update(body).digest('hex').slice(0, 32)}`
  const timestamp = String(Math.floor(now / 1_000))
  const identified = { 'webhook-id': id, 'webhook-timestamp': timestamp }
  if (secret === undefined) return identified
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return { ...identified, 'webhook-signature': `v1,${signature}` }
}
