import assert from 'node:assert/strict'
import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { layoutBelow, runtimePaths } from '../../../src/base/layout.ts'
import { systemUser } from '../../../src/base/system-users.ts'
import { prepareFolders } from '../../../src/services/folders.ts'
import { GuardReport } from '../../../src/services/guard/report.ts'
import { readGuardReport } from '../../../src/services/index.ts'
import { withLock } from '../../../src/services/lock.ts'
import { tempFolder } from '../daemon/temp-folder.ts'
import { removeLayout, temporaryLayout } from './support/gateway.ts'

const T = Date.parse('2026-11-22T12:00:00Z')

describe('what the guard has seen', () => {
  const folder = tempFolder()

  it('is shown for some seconds, also by a clock that was set meanwhile, and not for ever', () => {
    const layout = layoutBelow(folder())
    const { guardReport } = runtimePaths(layout)
    mkdirSync(dirname(guardReport), { recursive: true })
    writeFileSync(guardReport, JSON.stringify({ seenAt: T }))
    const isShown = (after: number) => readGuardReport(layout, T + after) !== undefined
    assert.deepEqual([0, 9_000, -2_000, 11_000, -3_600_000].map(isShown), [true, true, true, false, false])
  })

  it('is for the daemon alone', async () => {
    const layout = temporaryLayout()
    prepareFolders(layout)
    try {
      await new Promise<void>((resolve) => new GuardReport(layout, () => resolve()).look())
      const { uid, gid, mode } = statSync(runtimePaths(layout).guardReport)
      assert.deepEqual([uid, gid, mode & 0o777], [0, systemUser('clawgress')!.gid, 0o640])
    } finally {
      removeLayout(layout)
    }
  })

  it('tells whether a change is under way, which may stop services', async () => {
    const layout = temporaryLayout()
    prepareFolders(layout)
    const look = () =>
      new Promise<boolean>((resolve) => new GuardReport(layout, (_, isChanging) => resolve(isChanging)).look())
    try {
      assert.equal(await look(), false)
      assert.equal(await withLock(layout, 0, look), true)
      assert.equal(await look(), false)
    } finally {
      removeLayout(layout)
    }
  })
})
