import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Layout, layoutBelow, runtimePaths } from '../../../../src/base/layout.ts'
import { ownCommand } from '../../../../src/base/own-command.ts'
import type { Services } from '../../../../src/services/services.ts'
import { askSupervisor } from '../../../../src/services/supervisor/client.ts'
import { supervisedServices } from '../../../../src/services/supervisor/supervised-services.ts'
import type { UnitName, UnitStatus } from '../../../../src/services/unit-definition.ts'

const SUPERVISOR = fileURLToPath(new URL('supervisor.ts', import.meta.url))

/** A folder for one test's gateway, which other users may enter. */
export function temporaryLayout(): Layout {
  const root = mkdtempSync(join(tmpdir(), 'clawgress-services-'))
  chmodSync(root, 0o755)
  return layoutBelow(root, join(root, 'named'))
}

export const removeLayout = (layout: Layout): void => rmSync(layout.root, { recursive: true, force: true })

/** Services whose supervisor runs the units of `supervisor.ts`. */
export const testServices = (layout: Layout): Services & Record<'ensure' | 'restart' | 'stop' | 'reload', Order> =>
  supervisedServices(layout, () => [
    'env',
    `CLAWGRESS_ROOT=${layout.root}`,
    ...ownCommand().slice(0, -1),
    SUPERVISOR,
  ]) as Services & Record<'ensure' | 'restart' | 'stop' | 'reload', Order>

/** The units of the tests have names of their own. */
type Order = (unit: UnitName | string) => Promise<void>

export const statusOf = async (layout: Layout, unit: string): Promise<UnitStatus> => {
  const { supervisorSocket } = runtimePaths(layout)
  const all = (await askSupervisor(supervisorSocket, { command: 'status' }, 5_000)) as UnitStatus[]
  return all.find(({ name }) => name === unit)!
}

export const supervisorPid = (layout: Layout): number =>
  Number(readFileSync(join(layout.run, 'supervisor.lock'), 'utf8'))

export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
