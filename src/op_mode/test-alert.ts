import type { Layout } from '../base/layout.ts'
import type { TestOutcome } from '../daemon/alerts/test-alert.ts'
import { askTestAlert } from '../daemon/query-socket.ts'
import type { Shown } from './format/shown.ts'
import { printTable } from './format/table.ts'

/**
 * Has a test alert sent to syslog and every webhook, or to one of them alone, and shows how they took it. Throws
 * `alert.test` where the daemon refuses, `system.unreachable` where it does not answer.
 */
export async function sendTestAlert(layout: Layout, webhook?: string): Promise<Shown<TestOutcome[]>> {
  const data = await askTestAlert(layout, webhook)
  const rows = data.map(({ receiver, isTaken, attempts, milliseconds, answer }) => [
    receiver,
    isTaken ? 'yes' : 'NO',
    String(attempts),
    `${milliseconds} ms`,
    answer,
  ])
  return { data, text: printTable(['Receiver', 'Took it', 'Attempts', 'Within', 'Answer'], rows) }
}
