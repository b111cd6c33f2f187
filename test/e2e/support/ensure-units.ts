// `ensure-units.ts UNIT…`: ensures each over the layout of the environment; the supervisor stays in this namespace.
import { currentLayout } from '../../../src/base/layout.ts'
import { supervisedServices } from '../../../src/services/supervisor/supervised-services.ts'
import type { UnitName } from '../../../src/services/unit-definition.ts'

const services = supervisedServices(currentLayout())
for (const unit of process.argv.slice(2)) await services.ensure(unit as UnitName)
