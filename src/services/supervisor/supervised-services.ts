import { spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fail } from '../../base/errors.ts'
import { type Layout, runtimePaths } from '../../base/layout.ts'
import { openForAppending } from '../bounded-log.ts'
import { prepareFolders, unitLogs } from '../folders.ts'
import { superviseCommand } from '../reachable-program.ts'
import type { Services } from '../services.ts'
import type { UnitStatus } from '../unit-definition.ts'
import { unitDefinitions } from '../units.ts'
import { askSupervisor, NoSupervisor } from './client.ts'
import { launchEnvironment } from './launch.ts'
import type { SupervisorRequest } from './protocol.ts'
import { UNIT_MARK } from './strays.ts'

/** How long a supervisor may take until it listens, in milliseconds. */
const SPAWN_MS = 15_000
/** How long another supervisor, started at the same time, may take from its lock to its socket, in milliseconds. */
const OVERTAKEN_MS = 3_000
/** Longer than any unit may take to stop and to become ready. */
const ANSWER_MS = 90_000

/**
 * Units as children of our own supervisor, which is started when first needed and outlives its starter. It lives in the
 * network namespace of whoever needed it first.
 */
export function supervisedServices(
  layout: Layout,
  command: () => readonly string[] = () => superviseCommand(layout),
): Services {
  const { supervisorSocket } = runtimePaths(layout)
  const ask = (order: Omit<SupervisorRequest, 'id'>) => askSupervisor(supervisorSocket, order, ANSWER_MS)
  /** As `ask`, with the answer `absent` where no supervisor runs. */
  const askIfThere = (order: Omit<SupervisorRequest, 'id'>, absent: unknown) =>
    ask(order).catch((error: unknown) => {
      if (error instanceof NoSupervisor) return absent
      throw error
    })
  const askOrSpawn = async (order: Omit<SupervisorRequest, 'id'>) => {
    const none = Symbol()
    const answer = await askIfThere(order, none)
    if (answer !== none) return answer
    const ending = spawnSupervisor(layout, command())
    for (const deadline = performance.now() + SPAWN_MS; performance.now() < deadline; await sleep(20)) {
      const later = await askIfThere(order, none)
      if (later !== none) return later
      // Ours ends when another one was faster; that one is about to listen.
      if (ending.at !== undefined && performance.now() - ending.at > OVERTAKEN_MS) break
    }
    return fail('apply.service', `The supervisor did not start; see ${supervisorLog(layout)}.`)
  }
  return {
    ensure: async (unit) => void (await askOrSpawn({ command: 'start', unit })),
    restart: async (unit) => void (await askOrSpawn({ command: 'restart', unit })),
    reload: async (unit) => void (await askIfThere({ command: 'reload', unit }, null)),
    stop: async (unit) => void (await askIfThere({ command: 'stop', unit }, null)),
    stopAll: async () => {
      await askIfThere({ command: 'shutdown' }, null)
      for (const deadline = performance.now() + ANSWER_MS; performance.now() < deadline; await sleep(20))
        if ((await askIfThere({ command: 'status' }, null).catch(() => null)) === null) return
      fail('apply.service', `The supervisor did not stop; see ${supervisorLog(layout)}.`)
    },
    status: async () => {
      const stopped = unitDefinitions(layout).map(({ name, description }) => ({
        name,
        description,
        state: 'stopped',
        restarts: 0,
      }))
      return (await askIfThere({ command: 'status' }, stopped)) as UnitStatus[]
    },
  }
}

const supervisorLog = (layout: Layout): string => join(unitLogs(layout), 'supervisor.log')

/** Starts the process; the answer's `at` becomes the time when it ended, if it does. */
function spawnSupervisor(layout: Layout, [program, ...args]: readonly string[]): { at?: number } {
  prepareFolders(layout)
  const output = openForAppending(supervisorLog(layout))
  const environment = { ...launchEnvironment(), [UNIT_MARK]: layout.run }
  const child = spawn(program!, args, { cwd: '/', detached: true, env: environment, stdio: ['ignore', output, output] })
  closeSync(output)
  const ending: { at?: number } = {}
  const hasEnded = () => {
    ending.at = performance.now()
  }
  child.once('exit', hasEnded)
  child.once('error', hasEnded)
  child.unref()
  return ending
}
