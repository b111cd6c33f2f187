import type { DaemonStatus } from '../../src/daemon/status.ts'

/** What a daemon says of itself that has seen nothing yet. */
export const IDLE_DAEMON: DaemonStatus = {
  startedAt: '2026-01-01T00:00:00.000Z',
  generation: null,
  troubles: [],
  records: 0,
  flows: 0,
  lines: 0,
  lastHour: {},
  lost: { kernel: 0, unreadable: 0, disk: 0, syslog: 0 },
  backlog: 0,
}
