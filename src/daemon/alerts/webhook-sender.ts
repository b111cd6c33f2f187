import { performance } from 'node:perf_hooks'
import { type Alert, revisionOf } from './alert.ts'
import { type Send, sendMessage } from './message.ts'
import type { Sender } from './payload.ts'
import type { Webhook } from './settings.ts'

/** Alerts in one message. */
const MAX_BATCH = 50
const FIRST_RETRY_MS = 1_000
const MAX_RETRY_MS = 5 * 60_000
/** What still fires is told again: Alertmanager forgets it otherwise; others may have missed it. */
const REPEAT_MS = { alertmanager: 60_000, webhook: 4 * 60 * 60_000 } as const

export interface WebhookStatus {
  readonly id: string
  readonly waiting: number
  readonly failuresInRow: number
  /** When the receiver took a message last. */
  readonly lastSuccess?: string
  readonly lastError?: string
  /** Alerts that the receiver refused for good. */
  readonly refused: number
}

/** By fingerprint, what a receiver was told last. */
export type Delivered = ReadonlyMap<string, string>

export interface SenderOptions {
  readonly webhook: Webhook
  readonly delivered?: Delivered
  /** Between 0 and 1. */
  readonly random?: () => number
  /** Milliseconds by a clock that is never set. */
  readonly clock?: () => number
  readonly send?: Send
}

/**
 * Tells one receiver what it does not know yet: what waits is the difference between the alerts and what was delivered,
 * so that nothing is told twice, nothing is lost by a restart, and no queue grows. One message at a time; after a
 * failure later and later.
 */
export class WebhookSender {
  readonly webhook: Webhook
  private readonly delivered: Map<string, string>
  private readonly random: () => number
  private readonly clock: () => number
  private readonly send: Send | undefined
  private sending: Promise<void> | undefined
  private nextAt = Number.NEGATIVE_INFINITY
  private repeatAt = Number.POSITIVE_INFINITY
  private batch = MAX_BATCH
  private failures = 0
  private refused = 0
  private waiting = 0
  private lastSuccess: string | undefined
  private lastError: string | undefined

  constructor({
    webhook,
    delivered = new Map(),
    random = Math.random,
    clock = () => performance.now(),
    send,
  }: SenderOptions) {
    this.webhook = webhook
    this.delivered = new Map(delivered)
    this.random = random
    this.clock = clock
    this.send = send
  }

  /** Sends what is due, unless a message is under way. Never throws. `onDelivered` hears when something was told. */
  step(alerts: readonly Alert[], sender: Sender, now: number, onDelivered: () => void): void {
    const monotonic = this.clock()
    const mine = alerts.filter(({ webhooks }) => webhooks?.includes(this.webhook.id) ?? true)
    const present = new Set(mine.map(({ fingerprint }) => fingerprint))
    for (const fingerprint of this.delivered.keys()) if (!present.has(fingerprint)) this.delivered.delete(fingerprint)
    if (monotonic >= this.repeatAt) this.tellAgain(mine)
    const due = mine.filter((alert) => !this.knows(alert))
    this.waiting = due.length
    if (due.length === 0 || this.sending !== undefined || monotonic < this.nextAt) return
    const batch = due.slice(0, this.batch)
    this.sending = this.deliver(batch, sender, now).then((isTold) => {
      this.sending = undefined
      if (isTold) onDelivered()
    })
  }

  /** Whether the receiver has been told of the alert as it is now. */
  knows(alert: Alert): boolean {
    const isMine = alert.webhooks?.includes(this.webhook.id) ?? true
    return !isMine || this.delivered.get(alert.fingerprint) === revisionOf(alert)
  }

  get told(): Delivered {
    return this.delivered
  }

  status(): WebhookStatus {
    return {
      id: this.webhook.id,
      waiting: this.waiting,
      failuresInRow: this.failures,
      refused: this.refused,
      ...(this.lastSuccess === undefined ? {} : { lastSuccess: this.lastSuccess }),
      ...(this.lastError === undefined ? {} : { lastError: this.lastError }),
    }
  }

  /** Waits for the message that is under way. */
  async settle(): Promise<void> {
    await this.sending
  }

  private tellAgain(mine: readonly Alert[]): void {
    this.repeatAt = Number.POSITIVE_INFINITY
    for (const { state, fingerprint } of mine) if (state === 'firing') this.delivered.delete(fingerprint)
  }

  private async deliver(batch: readonly Alert[], sender: Sender, now: number): Promise<boolean> {
    const { result, words, retryAfterMs } = await sendMessage(this.webhook, batch, sender, now, this.send)
    if (result === 'taken') {
      this.succeeded(batch, now)
      return true
    }
    this.lastError = words
    if (result === 'refused') return this.narrow(batch)
    this.failures++
    this.nextAt = this.clock() + Math.min(MAX_RETRY_MS, Math.max(retryAfterMs, backOff(this.failures, this.random())))
    return false
  }

  private succeeded(batch: readonly Alert[], now: number): void {
    for (const alert of batch) this.delivered.set(alert.fingerprint, revisionOf(alert))
    this.batch = MAX_BATCH
    this.failures = 0
    this.nextAt = Number.NEGATIVE_INFINITY
    this.lastError = undefined
    this.lastSuccess = new Date(now).toISOString()
    this.repeatAt = Math.min(this.repeatAt, this.clock() + REPEAT_MS[this.webhook.format])
  }

  /** Halves what is sent at once, so that one alert that is refused does not hold up the others. */
  private narrow(batch: readonly Alert[]): boolean {
    if (batch.length > 1) {
      this.batch = batch.length >> 1
      return false
    }
    for (const alert of batch) this.delivered.set(alert.fingerprint, revisionOf(alert))
    this.refused++
    this.batch = MAX_BATCH
    return true
  }
}

/** Milliseconds before the next attempt: doubled with each failure, and anywhere in the upper half of that. */
export const backOff = (failures: number, random: number): number =>
  Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 20)) * (0.5 + random / 2)
