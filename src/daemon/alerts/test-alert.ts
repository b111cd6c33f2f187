import { performance } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { type Alert, fingerprintOf } from './alert.ts'
import type { AlertLog } from './alert-log.ts'
import { type Reply, type Send, sendMessage } from './message.ts'
import type { Sender } from './payload.ts'
import type { Webhook } from './settings.ts'

const RETRY_MS = 1_000
const ABOUT = { event: 'test', labels: { test: 'true' } } as const

/** How a receiver took a test alert. */
export interface TestOutcome {
  /** Name of the webhook, or `file` or `syslog`. */
  readonly receiver: string
  readonly isTaken: boolean
  /** What it answered, or why it did not; a few words. */
  readonly answer: string
  readonly attempts: number
  readonly milliseconds: number
}

/** An alert that says of itself that nothing is wrong. `now` by the wall clock. */
export const testAlert = (now: number): Alert => ({
  ...ABOUT,
  fingerprint: fingerprintOf(ABOUT),
  source: 'test',
  severity: 'info',
  summary: 'This is a test of the alerts; nothing is wrong.',
  description: 'An operator asked for it. There is nothing to do.',
  state: 'firing',
  startsAt: new Date(now).toISOString(),
  syslog: true,
})

export const ended = (alert: Alert, now: number): Alert => ({
  ...alert,
  state: 'resolved',
  endsAt: new Date(now).toISOString(),
})

/** How the file and syslog take what `write` writes down. Never rejects. */
export async function tryLog(log: AlertLog, write: () => void): Promise<TestOutcome[]> {
  const began = performance.now()
  const troubles = await log.try(write)
  const milliseconds = Math.round(performance.now() - began)
  const outcome = (receiver: 'file' | 'syslog', answer: string): TestOutcome => {
    const trouble = troubles[receiver]
    return { receiver, isTaken: trouble === undefined, answer: trouble ?? answer, attempts: 1, milliseconds }
  }
  return [outcome('file', 'it was written'), outcome('syslog', 'it was handed over')]
}

/**
 * Tells a receiver of a test alert as it is told of others, and tries once more where that fails. Its end is told, too;
 * Alertmanager, which would not pass on what is over before it has told anyone, lets it end by itself. Never rejects.
 */
export async function tryWebhook(webhook: Webhook, alert: Alert, sender: Sender, send?: Send): Promise<TestOutcome> {
  const began = performance.now()
  let attempts = 0
  const tell = async (told: Alert): Promise<Reply> => {
    attempts++
    return sendMessage(webhook, [told], sender, Date.now(), send)
  }
  const tellAgain = async (told: Alert): Promise<Reply> => {
    const first = await tell(told)
    if (first.result !== 'failed') return first
    await setTimeout(RETRY_MS)
    return tell(told)
  }
  let reply = await tellAgain(alert)
  if (reply.result === 'taken' && webhook.format === 'webhook') reply = await tellAgain(ended(alert, Date.now()))
  return {
    receiver: webhook.id,
    isTaken: reply.result === 'taken',
    answer: reply.words,
    attempts,
    milliseconds: Math.round(performance.now() - began),
  }
}
