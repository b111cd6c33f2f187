// A supervisor over small units of the tests' own: `node --import tsx supervisor.ts`, layout by CLAWGRESS_ROOT.
import { join } from 'node:path'
import { currentLayout, runtimePaths } from '../../../../src/base/layout.ts'
import { runSupervisor } from '../../../../src/services/supervisor/run-supervisor.ts'
import type { UnitDefinition } from '../../../../src/services/unit-definition.ts'
import { responder } from './responder.ts'

const layout = currentLayout()
const folder = runtimePaths(layout).pinnerFolder
const common = {
  user: 'clawgress',
  capabilities: [],
  umask: 0o027,
  memoryLimitMiB: 512,
  readyTimeoutMs: 5_000,
  stopTimeoutMs: 500,
} as const
const note = (word: string) => `echo ${word} $(date +%s%N) >> ${join(folder, 'order')}`

// Not Node, which may lie where the units' user may not go.
const LISTENER = `
import os, socket, sys, time
if os.path.exists(sys.argv[1]): os.remove(sys.argv[1])
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
time.sleep(3600)
`

const units: UnitDefinition[] = [
  responder(layout),
  {
    ...common,
    name: 'listener',
    description: 'listener',
    argv: ['python3', '-c', LISTENER, join(folder, 'listener.sock')],
    environment: { NODE_OPTIONS: '--max-semi-space-size=2' },
    capabilities: ['net_admin', 'net_raw'],
    readiness: { kind: 'socket', path: join(folder, 'listener.sock') },
  },
  {
    ...common,
    name: 'sleeper',
    description: 'sleeper',
    argv: ['sh', '-c', `${note('up')}; trap '${note('down')}; exit' TERM; while :; do sleep 0.05; done`],
    readiness: { kind: 'alive', milliseconds: 50 },
  },
  {
    ...common,
    name: 'stubborn',
    description: 'stubborn',
    argv: ['sh', '-c', `trap '' TERM; while :; do sleep 0.05; done`],
    readiness: { kind: 'alive', milliseconds: 50 },
  },
  {
    ...common,
    name: 'broken',
    description: 'broken program',
    argv: ['sh', '-c', 'echo no such configuration >&2; exit 3'],
    readiness: { kind: 'alive', milliseconds: 200 },
  },
  {
    ...common,
    name: 'deaf',
    description: 'deaf program',
    argv: ['sleep', '60'],
    readyTimeoutMs: 300,
    readiness: { kind: 'socket', path: join(folder, 'nobody.sock') },
  },
  {
    ...common,
    name: 'greedy',
    description: 'greedy program',
    memoryLimitMiB: 64,
    argv: ['python3', '-c', 'import time; a = bytearray(256 << 20); time.sleep(60)'],
    readiness: { kind: 'alive', milliseconds: 2_000 },
  },
  {
    ...common,
    name: 'reloader',
    description: 'reloader',
    argv: ['sh', '-c', `trap '${note('reloaded')}' HUP; while :; do sleep 0.05; done`],
    readiness: { kind: 'alive', milliseconds: 50 },
    reloadSignal: 'SIGHUP',
  },
  {
    ...common,
    name: 'beating',
    description: 'program whose heart beats',
    argv: ['sh', '-c', `while :; do echo beat >&3; sleep 0.1; done`],
    readiness: { kind: 'alive', milliseconds: 50 },
    watchdogMs: 1_000,
  },
  {
    ...common,
    name: 'lifeless',
    description: 'program whose heart never beats',
    argv: ['sleep', '60'],
    readiness: { kind: 'alive', milliseconds: 50 },
    readyTimeoutMs: 1_000,
    watchdogMs: 60_000,
  },
]

await runSupervisor(layout, () => units)
process.exit(0)
