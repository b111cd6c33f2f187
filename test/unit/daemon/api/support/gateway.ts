import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createConnection, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Layout, layoutBelow } from '../../../../../src/base/layout.ts'
import type { AlertReport } from '../../../../../src/daemon/alerts/daemon-alerts.ts'
import { buildApp } from '../../../../../src/daemon/api/app.ts'
import type { ApiContext } from '../../../../../src/daemon/api/context.ts'
import { hashKey } from '../../../../../src/daemon/api/keys.ts'
import { LISTEN_LIMITS, type ListenLimits, listen } from '../../../../../src/daemon/api/listen.ts'
import { Operations } from '../../../../../src/daemon/api/operations.ts'
import { type ApiSettings, ROLES } from '../../../../../src/daemon/api/settings.ts'
import { RecordBus } from '../../../../../src/daemon/records/outputs/record-bus.ts'
import { Telemetry } from '../../../../../src/daemon/telemetry/telemetry.ts'
import { apiViews } from '../../../../../src/op_mode/api-views.ts'
import { IDLE_DAEMON } from '../../../../support/idle-daemon.ts'

const SALT = '00'.repeat(32)
export const KEYS = { viewer: 'viewer-key-0123456789', operator: 'operator-key-012345', admin: 'admin-key-0123456789' }

export interface Running {
  readonly url: string
  readonly port: number
  readonly layout: Layout
  readonly settings: ApiSettings
  readonly bus: RecordBus
  close(): Promise<void>
}

/** A free port of 127.0.0.1. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** The API of a machine on which nothing was ever committed, on loopback. */
export async function serveApi(
  more: Partial<ApiSettings> = {},
  limits: Partial<ListenLimits> = {},
  rate?: number,
  patienceMs?: number,
): Promise<Running> {
  const layout = temporaryLayout()
  const port = await freePort()
  const keys = ROLES.map((role) => ({ id: role, role, hash: hashKey(KEYS[role], SALT) }))
  const settings: ApiSettings = { listen: ['127.0.0.1'], port, allowClients: [], salt: SALT, keys, ...more }
  const views = apiViews(layout, { live: () => undefined, status: () => IDLE_DAEMON })
  const bus = new RecordBus()
  const telemetry = new Telemetry(join(layout.run, 'telemetry.db'))
  bus.onRecord((record) => telemetry.record(record))
  const context: ApiContext = {
    layout,
    settings: () => settings,
    plan: () => undefined,
    views,
    onRecord: (listener) => bus.onRecord(listener),
    telemetry,
    metricsText: async () => ({ text: 'up 1\n', contentType: 'text/plain' }),
    alerts: () => REPORT,
    operations: new Operations(patienceMs),
  }
  const app = await buildApp(context, [], rate)
  const listening = await listen({ address: '127.0.0.1', port }, app.answer, {
    ...LISTEN_LIMITS,
    ...limits,
  })
  return {
    url: `http://127.0.0.1:${port}/clawgress`,
    port,
    layout,
    settings,
    bus,
    close: async () => {
      await Promise.all([listening.close(), app.close()])
      telemetry.close()
      rmSync(layout.root, { recursive: true, force: true })
    },
  }
}

function temporaryLayout(): Layout {
  const layout = layoutBelow(mkdtempSync(join(tmpdir(), 'clawgress-api-')))
  mkdirSync(layout.run, { recursive: true })
  return layout
}

/** One alert of each kind, and a webhook that fails. */
export const REPORT: AlertReport = {
  firing: [
    {
      fingerprint: '0123456789abcdef',
      source: 'services',
      event: 'service.down',
      labels: { service: 'clawgress-pinner' },
      severity: 'critical',
      summary: 'clawgress-pinner is stopped.',
      description: 'Enter "restart clawgress".',
      state: 'firing',
      startsAt: '2026-01-01T00:00:00.000Z',
      syslog: true,
    },
  ],
  resolved: [],
  webhooks: [{ id: 'pager', waiting: 1, failuresInRow: 3, lastError: 'connection refused', refused: 0 }],
  leftOut: 0,
  learningSeconds: 0,
}

/** A connection that sends what it is told and nothing else. */
export async function rawConnection(port: number): Promise<Socket> {
  const socket = createConnection(port, '127.0.0.1')
  socket.on('error', () => {})
  await new Promise((resolve) => socket.once('connect', resolve))
  return socket
}

/** Everything that came until the other side closed. */
export async function untilClosed(socket: Socket): Promise<string> {
  const parts: Buffer[] = []
  socket.on('data', (part) => parts.push(part))
  await new Promise((resolve) => socket.once('close', resolve))
  return Buffer.concat(parts).toString('latin1')
}
