import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { layoutBelow, runtimePaths } from '../../../src/base/layout.ts'
import { reactivate } from '../../../src/conf_mode/reactivate.ts'
import { withLock } from '../../../src/services/index.ts'
import { tempFolder } from '../daemon/temp-folder.ts'

describe('what an upgrade activates again', () => {
  const root = tempFolder()

  it('is what is live when it has the lock: nothing, where a commit deleted the node before', async () => {
    const layout = layoutBelow(root())
    const { current } = runtimePaths(layout)
    mkdirSync(current, { recursive: true })
    const input = { proposed: { 'left-out': 'x' }, effective: null, pki: null, dry_run: false }
    writeFileSync(join(current, 'input.json'), JSON.stringify(input))
    const reactivated = await withLock(layout, 1000, () => {
      const waiting = assert.rejects(reactivate(layout), /is not configured.*\(config\.missing\)$/)
      rmSync(current, { recursive: true })
      return [waiting]
    })
    await reactivated[0]
  })
})
