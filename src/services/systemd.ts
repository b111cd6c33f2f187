import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fail } from '../base/errors.ts'
import type { Layout } from '../base/layout.ts'
import { runProgram } from '../base/run-program.ts'
import { isBusy } from './busy.ts'
import { prepareFolders } from './folders.ts'
import { probe, stillWorks } from './probe.ts'
import { processAges } from './process-stat.ts'
import type { Services } from './services.ts'
import { UNIT_NAMES, type UnitDefinition, type UnitName, type UnitStatus } from './unit-definition.ts'
import { unitDefinitions } from './units.ts'

const UNIT_FOLDERS = ['/etc/systemd/system', '/run/systemd/system', '/usr/lib/systemd/system', '/lib/systemd/system']
const PROBE_INTERVAL_MS = 50

/** Does systemd run this machine, with our unit files installed? */
export function hasSystemdUnits(): boolean {
  const isInstalled = (unit: UnitName) => UNIT_FOLDERS.some((folder) => existsSync(join(folder, `${unit}.service`)))
  return existsSync('/run/systemd/system') && UNIT_NAMES.every(isInstalled)
}

/** Units under systemd, by systemctl(1); readiness is probed here as under the supervisor. */
export function systemdServices(layout: Layout): Services {
  const definitionOf = (unit: UnitName) => unitDefinitions(layout).find(({ name }) => name === unit)!
  const change = async (verb: 'start' | 'restart', unit: UnitName) => {
    prepareFolders(layout)
    // A unit that hit its start limit before must not stay locked out of a commit that mends it.
    await systemctl('reset-failed', serviceOf(unit))
    const { exitCode, stderr } = await systemctl(verb, serviceOf(unit))
    if (exitCode !== 0) fail('apply.service', `systemd could not ${verb} ${unit}: ${oneLine(stderr)}`)
    await becomesReady(definitionOf(unit))
  }
  const stop = async (unit: UnitName) => {
    const { exitCode, stderr } = await systemctl('stop', serviceOf(unit))
    if (exitCode !== 0) fail('apply.service', `systemd could not stop ${unit}: ${oneLine(stderr)}`)
  }
  return {
    ensure: async (unit) => {
      const definition = definitionOf(unit)
      const [status] = await statusOf([definition])
      // Every commit asks for every unit: one that works costs it one run of systemctl.
      if (status!.state === 'running' && (await stillWorks(definition, aliveMs(status!)))) return
      await change((await isStuck(definition, status!)) ? 'restart' : 'start', unit)
    },
    restart: (unit) => change('restart', unit),
    reload: async (unit) => void (await systemctl('reload', serviceOf(unit))),
    stop,
    stopAll: async () => {
      for (const unit of [...UNIT_NAMES].reverse()) await stop(unit)
    },
    status: () => statusOf(unitDefinitions(layout)),
  }
}

const SYSTEMCTL_MS = 90_000

const systemctl = (verb: string, ...words: string[]) =>
  runProgram('systemctl', ['--no-ask-password', verb, ...words], { timeoutMs: SYSTEMCTL_MS })

/** Of several lines that a program said, for one sentence. */
const oneLine = (said: string) => said.trim().replaceAll(/\s*\n\s*/g, ' ')

const serviceOf = (unit: string) => `${unit}.service`

const aliveMs = ({ pid }: UnitStatus) => (pid === undefined ? 0 : (processAges()(pid) ?? 0))

/** Has it had time enough to start, and does nothing, not even work? Then starting it would change nothing. */
async function isStuck(unit: UnitDefinition<UnitName>, status: UnitStatus): Promise<boolean> {
  const { state, pid } = status
  if (state !== 'running' || pid === undefined || aliveMs(status) <= unit.readyTimeoutMs) return false
  return !(await isBusy(pid))
}

async function becomesReady(unit: UnitDefinition<UnitName>): Promise<void> {
  const start = performance.now()
  while (performance.now() - start < unit.readyTimeoutMs) {
    if (await probe(unit.readiness, performance.now() - start)) {
      const [status] = await statusOf([unit])
      if (status!.state === 'running') return
    }
    await sleep(PROBE_INTERVAL_MS)
  }
  const { lastExit } = (await statusOf([unit]))[0]!
  const how = lastExit === undefined ? '' : ` (last process: ${lastExit})`
  fail(
    'apply.service',
    `${unit.name}, the ${unit.description}, did not become ready within ${unit.readyTimeoutMs / 1000} s${how}. ` +
      `See journalctl -u ${unit.name}.`,
  )
}

/** In the order of the units. */
async function statusOf(units: readonly UnitDefinition<UnitName>[]): Promise<UnitStatus[]> {
  const properties = 'Id,ActiveState,SubState,MainPID,NRestarts,Result,ExecMainStartTimestamp,ExecMainStatus'
  const options = [`--property=${properties}`, '--timestamp=unix']
  const services = units.map(({ name }) => serviceOf(name))
  const { exitCode, stdout, stderr } = await systemctl('show', ...options, ...services)
  if (exitCode !== 0)
    fail('apply.service', `systemd does not tell the state of ${services.join(', ')}: ${oneLine(stderr)}`)
  return readStatuses(units, stdout)
}

/**
 * From the output of `systemctl show` for several units, in the order of `units`. Throws `apply.service` where one is
 * not told of, which is not to say that it is stopped.
 */
export function readStatuses(
  units: readonly Pick<UnitDefinition, 'name' | 'description'>[],
  shown: string,
): UnitStatus[] {
  const parts = shown.split(/\n\n+/)
  return units.map(({ name, description }) => {
    const own = parts.find((lines) => lines.split('\n').includes(`Id=${serviceOf(name)}`))
    if (own === undefined) return fail('apply.service', `systemd does not tell the state of ${serviceOf(name)}.`)
    return readStatus(name, description, own)
  })
}

/** From what `systemctl show` tells of one unit (`man systemctl`): lines `Property=value`. */
function readStatus(name: string, description: string, shown: string): UnitStatus {
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(shown)?.[1] ?? ''
  const pid = Number(value('MainPID'))
  const result = value('Result')
  const since = Number(value('ExecMainStartTimestamp').replace('@', '')) * 1000
  return {
    name,
    description,
    state: stateOf(value('ActiveState'), value('SubState')),
    ...(pid > 0 ? { pid, since } : {}),
    restarts: Number(value('NRestarts')),
    ...(result === '' || result === 'success' ? {} : { lastExit: `${result}, status ${value('ExecMainStatus')}` }),
  }
}

function stateOf(active: string, sub: string): UnitStatus['state'] {
  if (active === 'active') return 'running'
  if (active === 'failed') return 'failed'
  if (sub === 'auto-restart') return 'waiting'
  return active === 'activating' ? 'starting' : 'stopped'
}
