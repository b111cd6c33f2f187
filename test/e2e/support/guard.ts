// The guard over the layout below CLAWGRESS_ROOT, without pinner and named: `restored` in the run folder counts. SIGUSR2
// sets its clock back by an hour.
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { currentLayout } from '../../../src/base/layout.ts'
import { runGuard } from '../../../src/services/guard/run-guard.ts'

const clock = Date.now
process.on('SIGUSR2', () => {
  Date.now = () => clock() - 3_600_000
})

const layout = currentLayout()
await runGuard(layout, async () => {
  appendFileSync(join(layout.run, 'restored'), '.')
  if (process.env.TEST_NO_PINNER !== undefined) throw new Error('the pinner is not there')
})
