import { totalmem } from 'node:os'
import { join } from 'node:path'
import { ENDPOINTS } from '../base/endpoints.ts'
import { type Layout, runtimePaths } from '../base/layout.ts'
import { ownCommand } from '../base/own-command.ts'
import type { UnitDefinition, UnitName } from './unit-definition.ts'

/** Share of the machine's memory that named may use: its zones and caches are what the operator's policy needs. */
const NAMED_MEMORY_SHARE = 0.75

/**
 * Less memory for a little time: V8's nursery stays small, and the less room the rest may take, the less garbage V8 lets
 * gather there; glibc keeps one arena and gives large blocks back at once (mallopt(3)).
 */
const DAEMON_ENVIRONMENT = {
  NODE_OPTIONS: '--max-semi-space-size=1 --max-old-space-size=512',
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '65536',
} as const

/** Everything that runs on a gateway, in start order. systemd's unit files say the same; a test compares them. */
export function unitDefinitions(layout: Layout): readonly UnitDefinition<UnitName>[] {
  const paths = runtimePaths(layout)
  return [
    {
      name: 'clawgress-named',
      description: 'Clawgress name server (bind9 with response policy zones)',
      // No -u: the process starts as bind already, so that it never holds a capability.
      argv: ['/usr/sbin/named', '-f', '-c', join(layout.named, 'named.conf')],
      user: 'bind',
      capabilities: [],
      umask: 0o027,
      memoryLimitMiB: Math.floor((totalmem() / 2 ** 20) * NAMED_MEMORY_SHARE),
      readiness: { kind: 'dns', address: '127.0.0.1', port: ENDPOINTS.namedPort },
      health: [{ kind: 'dns', address: '127.0.0.1', port: ENDPOINTS.namedPort }],
      readyTimeoutMs: 60_000,
      stopTimeoutMs: 10_000,
    },
    {
      name: 'clawgress-pinner',
      description: 'Clawgress pinner (opens the addresses that allowed names resolve to)',
      argv: ownCommand('pinner'),
      user: 'clawgress',
      capabilities: ['net_admin', 'net_raw'],
      umask: 0o027,
      memoryLimitMiB: 1024,
      readiness: { kind: 'socket', path: paths.pinnerSocket },
      // The kernel accepts connections for a program that hangs; an answer to a question comes from the program.
      health: [
        { kind: 'dns', address: ENDPOINTS.upstreamAddress, port: ENDPOINTS.upstreamPort },
        { kind: 'socket', path: paths.pinnerSocket },
      ],
      readyTimeoutMs: 20_000,
      stopTimeoutMs: 3_000,
    },
    {
      name: 'clawgress-log',
      description: 'Clawgress packet log (ulogd2 writes down denied packets)',
      argv: ['/usr/sbin/ulogd', '-c', paths.ulogdConfiguration],
      user: 'ulog',
      capabilities: ['net_admin'],
      // The daemon gives back the space of what it has read, so its group must be able to write.
      umask: 0o007,
      memoryLimitMiB: 256,
      readiness: { kind: 'nflog', group: ENDPOINTS.nflogGroup },
      readyTimeoutMs: 10_000,
      stopTimeoutMs: 3_000,
      reloadSignal: 'SIGHUP',
    },
    {
      name: 'clawgressd',
      description: 'Clawgress daemon (decision records)',
      argv: ownCommand('daemon'),
      environment: DAEMON_ENVIRONMENT,
      user: 'clawgress',
      capabilities: [],
      umask: 0o027,
      memoryLimitMiB: 1024,
      readiness: { kind: 'socket', path: paths.daemonSocket },
      health: [{ kind: 'socket', path: paths.daemonSocket }],
      readyTimeoutMs: 20_000,
      stopTimeoutMs: 5_000,
    },
    {
      name: 'clawgress-guard',
      description: 'Clawgress guard (puts the ruleset back when another program removes it)',
      argv: ownCommand('guard'),
      user: 'root',
      capabilities: 'all',
      umask: 0o022,
      // Enough for the commit that takes back an unconfirmed policy, which runs below it.
      memoryLimitMiB: 4096,
      readiness: { kind: 'alive', milliseconds: 300 },
      // Nobody else watches the one that watches the others.
      watchdogMs: 15_000,
      // It is killed when it has not begun to beat by then, which a loaded machine at its boot must not bring about.
      readyTimeoutMs: 60_000,
      stopTimeoutMs: 5_000,
    },
  ]
}
