import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { layoutBelow, runtimePaths } from '../../../src/base/layout.ts'
import { runDaemon } from '../../../src/daemon/run.ts'
import { askDaemon } from '../../../src/daemon/status.ts'
import { tempFolder } from './temp-folder.ts'

describe('a daemon that cannot begin', () => {
  const folder = tempFolder()

  it('ends whole: one that answered still would never be started anew', async () => {
    const layout = layoutBelow(folder())
    // In the place of its socket.
    mkdirSync(join(runtimePaths(layout).daemonQuerySocket, 'x'), { recursive: true })
    await assert.rejects(runDaemon({ layout }))
    assert.equal(await askDaemon(layout), undefined)
  })
})
