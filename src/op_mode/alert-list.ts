import type { Layout } from '../base/layout.ts'
import type { Alert } from '../daemon/alerts/alert.ts'
import type { AlertReport } from '../daemon/alerts/daemon-alerts.ts'
import { askAlerts } from '../daemon/query-socket.ts'
import { formatDuration } from './format/duration.ts'
import type { Shown } from './format/shown.ts'
import { counted, printTable } from './format/table.ts'
import { printTime } from './format/time.ts'

/** Alerts that fire, those that did lately, and how webhooks fare. Throws `system.unreachable` without the daemon. */
export async function showAlerts(layout: Layout): Promise<Shown<AlertReport>> {
  const data = await askAlerts(layout)
  const parts = [
    data.firing.length === 0 ? 'No alert fires.\n' : printAlerts('Firing since (UTC)', data.firing, true),
    ...(data.resolved.length === 0 ? [] : [printAlerts('Fired at (UTC)', data.resolved, false)]),
    ...(data.webhooks.length === 0 ? [] : [printWebhooks(data)]),
    ...(data.leftOut === 0
      ? []
      : [`${counted(data.leftOut, 'alert')} found no room beside those of the same kind since the daemon started.\n`]),
    ...(data.learningSeconds === 0
      ? []
      : [
          `client.first-denial waits for another ${formatDuration(data.learningSeconds)}, until it is known who is refused names.\n`,
        ]),
  ]
  return { data, text: parts.join('\n') }
}

function printAlerts(title: string, alerts: readonly Alert[], isFiring: boolean): string {
  const rows = alerts.map(({ startsAt, endsAt, severity, event, summary }) => [
    printTime(startsAt),
    ...(isFiring ? [] : [endsAt === undefined ? '-' : printTime(endsAt)]),
    severity,
    event,
    summary,
  ])
  const header = [title, ...(isFiring ? [] : ['Until']), 'Severity', 'Alert', 'Summary']
  const next = isFiring ? alerts.map(({ event, description }) => `${event}: ${description}\n`) : []
  const notes = [...new Set(next)].join('')
  return `${printTable(header, rows)}${notes === '' ? '' : `\n${notes}`}`
}

const printWebhooks = ({ webhooks }: AlertReport): string =>
  printTable(
    ['Webhook', 'Waiting', 'Last success (UTC)', 'Failures', 'Last error'],
    webhooks.map(({ id, waiting, lastSuccess, failuresInRow, lastError }) => [
      id,
      String(waiting),
      lastSuccess === undefined ? '-' : printTime(lastSuccess),
      String(failuresInRow),
      lastError ?? '-',
    ]),
  )
