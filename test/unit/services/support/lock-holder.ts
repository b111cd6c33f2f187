// Holds the lock of the layout below CLAWGRESS_ROOT until it is killed; prints `held` once it has it.
import { currentLayout } from '../../../../src/base/layout.ts'
import { withLock } from '../../../../src/services/lock.ts'

await withLock(
  currentLayout(),
  0,
  () => {
    console.log('held')
    return new Promise(() => setInterval(() => {}, 1000))
  },
  'policy import',
)
