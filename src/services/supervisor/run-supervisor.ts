import type { Server } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Layout, runtimePaths } from '../../base/layout.ts'
import { BoundedLog } from '../bounded-log.ts'
import { prepareFolders, unitLogs } from '../folders.ts'
import type { UnitDefinition } from '../unit-definition.ts'
import { unitDefinitions } from '../units.ts'
import { SupervisedChild } from './child.ts'
import { launchEnvironment } from './launch.ts'
import { hasGateway, SupervisorPlace } from './place.ts'
import { listenForRoot, supervisorServer } from './server.ts'
import { endStrays, UNIT_MARK } from './strays.ts'

/** Milliseconds between looks whether the run folder still has our lock. */
const LOOK_MS = 300

/**
 * Process main of `clawgress supervise`: keeps the units of one layout running where there is no systemd, and takes
 * orders on `${run}/supervisor.sock`. Resolves after `shutdown` or SIGTERM, when every unit has stopped, the last
 * started first. What the kernel enforces stays as it is, however the supervisor ends. Throws `apply.busy` when the
 * layout has a supervisor already.
 *
 * Where someone empties the run folder, the supervisor takes its place in it again, so that its guard stays and the
 * next commit finds it; it ends where another one was faster, or nothing of the gateway is left.
 */
export async function runSupervisor(
  layout: Layout,
  define: (layout: Layout) => readonly UnitDefinition[] = unitDefinitions,
): Promise<void> {
  prepareFolders(layout)
  let place = SupervisorPlace.take(layout)
  await endStrays(layout)
  const environment = { ...launchEnvironment(), [UNIT_MARK]: layout.run }
  const children = new Map(
    define(layout).map(({ name }) => {
      const definition = () => define(layout).find((unit) => unit.name === name)!
      const log = new BoundedLog(join(unitLogs(layout), `${name}.log`))
      return [name, new SupervisedChild(definition, environment, log)]
    }),
  )
  const ending = new AbortController()
  const listen = async (): Promise<Server> => {
    const server = supervisorServer(children, () => ending.abort())
    await listenForRoot(server, runtimePaths(layout).supervisorSocket)
    return server
  }
  let server = await listen()
  process.on('SIGHUP', () => {})
  process.once('SIGTERM', () => ending.abort())
  process.once('SIGINT', () => ending.abort())
  while (!ending.signal.aborted) {
    if (place.isLost()) {
      // Closing removes what lies at the socket's path, so it comes before anyone else can listen there.
      server.close()
      place.leave()
      if (!hasGateway(layout)) break
      try {
        prepareFolders(layout)
        place = SupervisorPlace.take(layout)
        server = await listen()
      } catch (error) {
        console.error(`The supervisor's place was lost: ${(error as Error).message}`)
        break
      }
    }
    await sleep(LOOK_MS, undefined, { signal: ending.signal }).catch(() => undefined)
  }
  for (const child of [...children.values()].reverse()) await child.stop()
  server.close()
}
