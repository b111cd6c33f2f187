import type { Layout } from '../base/layout.ts'
import { supervisedServices } from './supervisor/supervised-services.ts'
import { hasSystemdUnits, systemdServices } from './systemd.ts'
import type { UnitName, UnitStatus } from './unit-definition.ts'

/** Starting and stopping the gateway's programs. Every call resolves when it is true, or throws `apply.service`. */
export interface Services {
  /** Runs, and does its work (its probe succeeds); started when it did not. */
  ensure(unit: UnitName): Promise<void>
  /** A new process runs and does its work. */
  restart(unit: UnitName): Promise<void>
  /** The unit's reload signal is on its way; nothing for a unit that does not run. */
  reload(unit: UnitName): Promise<void>
  /** No process of the unit is left, and none comes back. */
  stop(unit: UnitName): Promise<void>
  /** As `stop` for every unit, the last started first. */
  stopAll(): Promise<void>
  /** In start order. */
  status(): Promise<UnitStatus[]>
}

/** systemd where it runs and has our units, for the appliance itself; our own supervisor in labs and elsewhere. */
export function services(layout: Layout): Services {
  return layout.root === '' && hasSystemdUnits() ? systemdServices(layout) : supervisedServices(layout)
}
