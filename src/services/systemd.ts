import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fail } from '../base/errors.ts'
import type { Layout } from '../base/layout.ts'
import { runProgram } from '../base/run-program.ts'
import { isBusy } from './busy.ts'
import { prepareFolders } from './folders.ts'
import { probe, stillWorks } from './probe.ts'
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
    await systemctl('reset-failed', unit)
    const { exitCode, stderr } = await systemctl(verb, unit)
    if (exitCode !== 0) fail('apply.service', `systemd could not ${verb} ${unit}: ${stderr.trim()}`)
    await becomesReady(definitionOf(unit))
  }
  const stop = async (unit: UnitName) => {
    const { exitCode, stderr } = await systemctl('stop', unit)
    if (exitCode !== 0) fail('apply.service', `systemd could not stop ${unit}: ${stderr.trim()}`)
  }
  return {
    ensure: async (unit) => change((await isStuck(definitionOf(unit))) ? 'restart' : 'start', unit),
    restart: (unit) => change('restart', unit),
    reload: async (unit) => void (await systemctl('reload', unit)),
    stop,
    stopAll: async () => {
      for (const unit of [...UNIT_NAMES].reverse()) await stop(unit)
    },
    status: () => Promise.all(unitDefinitions(layout).map(statusOf)),
  }
}

const SYSTEMCTL_MS = 90_000

const systemctl = (verb: string, unit: UnitName, ...more: string[]) =>
  runProgram('systemctl', ['--no-ask-password', verb, `${unit}.service`, ...more], { timeoutMs: SYSTEMCTL_MS })

/** Has it had time enough to start, and does not do its work? Then starting it would change nothing. */
async function isStuck(unit: UnitDefinition<UnitName>): Promise<boolean> {
  const { state, pid, since = 0 } = await statusOf(unit)
  const aliveMs = Date.now() - since
  if (state !== 'running' || pid === undefined || aliveMs <= unit.readyTimeoutMs) return false
  return !(await stillWorks(unit, aliveMs)) && !(await isBusy(pid))
}

async function becomesReady(unit: UnitDefinition<UnitName>): Promise<void> {
  const start = Date.now()
  while (Date.now() - start < unit.readyTimeoutMs) {
    if (await probe(unit.readiness, Date.now() - start)) {
      const { state } = await statusOf(unit)
      if (state === 'running') return
    }
    await sleep(PROBE_INTERVAL_MS)
  }
  const { lastExit } = await statusOf(unit)
  const how = lastExit === undefined ? '' : ` (last process: ${lastExit})`
  fail(
    'apply.service',
    `${unit.name}, the ${unit.description}, did not become ready within ${unit.readyTimeoutMs / 1000} s${how}. ` +
      `See journalctl -u ${unit.name}.`,
  )
}

async function statusOf({ name, description }: UnitDefinition<UnitName>): Promise<UnitStatus> {
  const properties = 'ActiveState,SubState,MainPID,NRestarts,Result,ExecMainStartTimestamp,ExecMainStatus'
  const { stdout } = await systemctl('show', name, `--property=${properties}`, '--timestamp=unix')
  return readStatus(name, description, stdout)
}

/** From the output of `systemctl show` (systemd.unit(5), `man systemctl`): lines `Property=value`. */
export function readStatus(name: string, description: string, shown: string): UnitStatus {
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
