import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { fail } from '../base/errors.ts'
import { type Layout, runtimePaths } from '../base/layout.ts'
import { BoundedLog } from './bounded-log.ts'
import { SupervisedChild } from './child.ts'
import { tryExclusive } from './flock.ts'
import { prepareFolders, unitLogs } from './folders.ts'
import { launchEnvironment } from './launch.ts'
import { endStrays, UNIT_MARK } from './strays.ts'
import { listenForRoot, supervisorServer } from './supervisor-server.ts'
import type { UnitDefinition } from './unit-definition.ts'
import { unitDefinitions } from './units.ts'

/**
 * Process main of `clawgress supervise`: keeps the units of one layout running where there is no systemd, and takes
 * orders on `${run}/supervisor.sock`. Resolves after `shutdown` or SIGTERM, when every unit has stopped, the last
 * started first. What the kernel enforces stays as it is, however the supervisor ends. Throws `apply.busy` when the
 * layout has a supervisor already.
 */
export async function runSupervisor(
  layout: Layout,
  define: (layout: Layout) => readonly UnitDefinition[] = unitDefinitions,
): Promise<void> {
  prepareFolders(layout)
  const lock = lockOnlySupervisor(layout)
  endStrays(layout)
  const environment = { ...launchEnvironment(), [UNIT_MARK]: layout.run }
  const children = new Map(
    define(layout).map(({ name }) => {
      const definition = () => define(layout).find((unit) => unit.name === name)!
      const log = new BoundedLog(join(unitLogs(layout), `${name}.log`))
      return [name, new SupervisedChild(definition, environment, log)]
    }),
  )
  const server = supervisorServer(children, () => process.kill(process.pid, 'SIGTERM'))
  await listenForRoot(server, runtimePaths(layout).supervisorSocket)
  process.on('SIGHUP', () => {})
  await new Promise((resolve) => {
    process.once('SIGTERM', resolve)
    process.once('SIGINT', resolve)
  })
  for (const child of [...children.values()].reverse()) await child.stop()
  server.close()
  closeSync(lock)
}

/** One supervisor a layout. The lock ends with the process that holds it. */
function lockOnlySupervisor(layout: Layout): number {
  const path = runtimePaths(layout).supervisorLock
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
  if (!tryExclusive(fd))
    fail('apply.busy', `A supervisor already runs below ${layout.run} (process ${readFileSync(path, 'utf8')}).`)
  ftruncateSync(fd, 0)
  writeSync(fd, String(process.pid), 0)
  return fd
}
