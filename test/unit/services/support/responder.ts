import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { type Layout, runtimePaths } from '../../../../src/base/layout.ts'
import type { UnitDefinition } from '../../../../src/services/unit-definition.ts'

// Not Node, which may lie where the unit's user may not go.
const PROGRAM = `
import os, select, signal, socket, sys, time
address, port, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
if os.path.exists(path): os.remove(path)
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagrams.bind((address, port))
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen()
def work(signal, frame):
    until = time.monotonic() + 2.5
    while time.monotonic() < until: pass
signal.signal(signal.SIGUSR1, work)
while True:
    for ready in select.select([datagrams, listener], [], [])[0]:
        if ready is listener:
            listener.accept()[0].close()
        else:
            query, client = datagrams.recvfrom(512)
            datagrams.sendto(query[:2] + bytes([query[2] | 0x80]) + query[3:], client)
`

/** A unit that works hard for 2.5 s on SIGUSR1, and else answers DNS queries, and connections to a socket, at a loopback address of the layout's own. */
export function responder(layout: Layout): UnitDefinition {
  const [a, b] = createHash('sha256').update(layout.root).digest()
  const address = `127.77.${a}.${1 + (b! % 250)}`
  const path = join(runtimePaths(layout).pinnerFolder, 'responder.sock')
  return {
    name: 'responder',
    description: 'responder',
    argv: ['python3', '-c', PROGRAM, address, '5399', path],
    user: 'clawgress',
    capabilities: [],
    umask: 0o027,
    memoryLimitMiB: 512,
    readiness: { kind: 'dns', address, port: 5399 },
    health: [
      { kind: 'dns', address, port: 5399 },
      { kind: 'socket', path },
    ],
    readyTimeoutMs: 4_000,
    stopTimeoutMs: 500,
  }
}
