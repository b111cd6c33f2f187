import { createHash } from 'node:crypto'
import { z } from 'zod'

export const SEVERITIES = ['critical', 'warning', 'info'] as const

/** What distinguishes an alert from others: who and where. Values are short and few, as in Alertmanager. */
export type AlertLabels = Readonly<Record<string, string>>

/** Something that is so at this moment, and that an operator must know. */
export interface Condition {
  /** A built-in alert, or `rule.` and the name of a configured one. */
  readonly event: string
  readonly labels: AlertLabels
  readonly severity: (typeof SEVERITIES)[number]
  /** A sentence: what is wrong. */
  readonly summary: string
  /** A sentence: what to do. */
  readonly description: string
  /** Milliseconds that it must last before anyone is told. */
  readonly forMs?: number
  readonly webhooks?: readonly string[] | undefined
  readonly syslog?: boolean
}

/**
 * What a source says is so. Undefined: it does not know, and its alerts stay as they are. `over`: it knows that nothing
 * is so any more, and its alerts need not be quiet for a while before they end.
 */
export type Judgement = readonly Condition[] | 'over' | undefined

const text = (most: number) => z.string().max(most)

/** An alert that someone was told of: a condition that lasted, or did. */
export const alertShape = z.strictObject({
  fingerprint: z.string().regex(/^[0-9a-f]{16}$/),
  /** Which of our evaluators says so. */
  source: text(64),
  event: text(64),
  labels: z.record(text(64), text(1024)),
  severity: z.enum(SEVERITIES),
  summary: text(2048),
  description: text(2048),
  state: z.enum(['firing', 'resolved']),
  startsAt: z.iso.datetime({ precision: 3 }),
  endsAt: z.exactOptional(z.iso.datetime({ precision: 3 })),
  /** Absent: all of them. */
  webhooks: z.exactOptional(z.array(text(32))),
  syslog: z.boolean(),
})

export type Alert = z.infer<typeof alertShape>

/** Equal for what is told once: by event and labels, whatever the sentences say. */
export const fingerprintOf = ({ event, labels }: Pick<Condition, 'event' | 'labels'>): string =>
  createHash('sha256')
    .update(JSON.stringify([event, Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1))]))
    .digest('hex')
    .slice(0, 16)

/** What a receiver has been told of an alert, or not. */
export const revisionOf = ({ startsAt, state }: Alert): string => `${startsAt} ${state}`

/** Bounds a text that others wrote, and takes control characters out of it. */
export const bounded = (words: string, most: number): string =>
  words.replace(/[\x00-\x1f\x7f-\x9f]/g, '?').slice(0, most)
