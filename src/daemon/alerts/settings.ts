import { z } from 'zod'
import { REASONS, type ReasonCode } from '../../base/reasons.ts'
import { readSettingsFile } from '../settings-file.ts'
import { BUILT_IN_ALERTS, type BuiltInAlert } from './built-in.ts'

/** Bodies that a receiver may want: what Alertmanager sends to its receivers, or what Prometheus sends to Alertmanager. */
export const WEBHOOK_FORMATS = ['webhook', 'alertmanager'] as const

export const ALERT_ID = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/

/** Of Standard Webhooks: `whsec_` and the Base64 of 24 to 64 octets. */
export const WEBHOOK_SECRET = /^whsec_[A-Za-z0-9+/]{32,86}={0,2}$/

/** Long enough for what runs once a day. */
export const LEARNING_HOURS = 24

const id = z.string().regex(ALERT_ID)
const codes = Object.keys(REASONS) as [ReasonCode, ...ReasonCode[]]

const alertRule = z.strictObject({
  name: id,
  /** Empty: any. */
  reasons: z.array(z.enum(codes)),
  /** Empty: any. */
  groups: z.array(z.string()),
  /** Denials within the interval. */
  threshold: z.int().min(1),
  intervalSeconds: z.int().min(1),
  /** Absent: all of them. */
  webhooks: z.exactOptional(z.array(id)),
  syslog: z.boolean(),
})

const webhook = z.strictObject({
  id,
  url: z.url({ protocol: /^https?$/ }),
  format: z.enum(WEBHOOK_FORMATS),
  secret: z.exactOptional(z.string().regex(WEBHOOK_SECRET)),
  /** PEM of the authorities that are trusted; absent: those of the system. */
  authorities: z.exactOptional(z.string()),
})

/** What is alerted of, and who is told: written by a commit into the generation's folder, read by the daemon. */
export const alertSettings = z.strictObject({
  rules: z.array(alertRule),
  webhooks: z.array(webhook),
  silenced: z.array(z.enum(Object.keys(BUILT_IN_ALERTS) as [BuiltInAlert, ...BuiltInAlert[]])),
  /** Of a new gateway, before it tells of clients that were refused a name for the first time. */
  learningHours: z.int().min(0).default(LEARNING_HOURS),
})

export type AlertSettings = z.infer<typeof alertSettings>
export type AlertRule = AlertSettings['rules'][number]
export type Webhook = AlertSettings['webhooks'][number]

/** Name of the settings in a generation's folder. Absent there: nothing is configured, and the built-in alerts are on. */
export const ALERT_SETTINGS_FILE = 'alerts.json'

export const NO_ALERT_SETTINGS: AlertSettings = {
  rules: [],
  webhooks: [],
  silenced: [],
  learningHours: LEARNING_HOURS,
}

/** Undefined where the file does not exist. Throws where it is no settings file of this version. */
export const readAlertSettings = (path: string): AlertSettings | undefined => readSettingsFile(path, alertSettings)
