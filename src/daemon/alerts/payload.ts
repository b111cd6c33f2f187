import type { Alert } from './alert.ts'
import type { Webhook } from './settings.ts'

/** Alertmanager resolves an alert at its end; told again every minute, it stays while we live. Milliseconds. */
const ALERTMANAGER_LEASE_MS = 5 * 60_000

export interface Sender {
  /** Name of this gateway, the label `gateway`. */
  readonly gateway: string
  /** Alerts that found no room. */
  readonly leftOut: number
}

/** The body of a message about alerts, as JSON text. `now` in milliseconds since the epoch. */
export const printPayload = (
  format: Webhook['format'],
  alerts: readonly Alert[],
  sender: Sender,
  now: number,
): string =>
  JSON.stringify(
    format === 'alertmanager' ? alerts.map((alert) => posted(alert, sender, now)) : webhookMessage(alerts, sender),
  )

const labelsOf = ({ event, severity, labels }: Alert, { gateway }: Sender) => ({
  alertname: event,
  severity,
  gateway,
  ...labels,
})

const annotationsOf = ({ summary, description }: Alert) => ({ summary, description })

/** An entry of `POST /api/v2/alerts` (Alertmanager, api/v2/openapi.yaml: postableAlert). */
const posted = (alert: Alert, sender: Sender, now: number) => ({
  labels: labelsOf(alert, sender),
  annotations: annotationsOf(alert),
  startsAt: alert.startsAt,
  endsAt: alert.endsAt ?? new Date(now + ALERTMANAGER_LEASE_MS).toISOString(),
})

/** What Alertmanager sends to a webhook, version 4 (Alertmanager, documentation: webhook_config). */
function webhookMessage(alerts: readonly Alert[], sender: Sender) {
  const { gateway, leftOut } = sender
  return {
    version: '4',
    groupKey: `{}:{gateway="${gateway}"}`,
    truncatedAlerts: leftOut,
    status: alerts.some(({ state }) => state === 'firing') ? 'firing' : 'resolved',
    receiver: 'clawgress',
    groupLabels: { gateway },
    commonLabels: common(alerts.map((alert) => labelsOf(alert, sender))),
    commonAnnotations: common(alerts.map(annotationsOf)),
    externalURL: '',
    alerts: alerts.map((alert) => ({
      status: alert.state,
      labels: labelsOf(alert, sender),
      annotations: annotationsOf(alert),
      startsAt: alert.startsAt,
      // Alertmanager's own word for "not yet".
      endsAt: alert.endsAt ?? '0001-01-01T00:00:00Z',
      generatorURL: '',
      fingerprint: alert.fingerprint,
    })),
  }
}

function common(maps: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const [first = {}, ...rest] = maps
  return Object.fromEntries(Object.entries(first).filter(([name, value]) => rest.every((map) => map[name] === value)))
}
