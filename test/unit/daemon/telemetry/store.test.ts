import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MEASURES } from '../../../../src/daemon/telemetry/measures.ts'
import { RowWriter } from '../../../../src/daemon/telemetry/packed-counts.ts'
import { TelemetryStore } from '../../../../src/daemon/telemetry/store.ts'
import { tempFolder } from '../temp-folder.ts'

const rows = new RowWriter(1)
rows.add(
  MEASURES.map(() => 0),
  0,
  [],
)
const STEP = { reasons: [], dimensions: ['all'], keys: [''], packed: rows.end() }

describe('the store of telemetry', () => {
  const folder = tempFolder()

  it('reads on a full disk what it has, takes nothing for damaged, and goes on when there is room', () => {
    const mount = join(folder(), 'small')
    mkdirSync(mount)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=400k', 'none', mount])
    try {
      const path = join(mount, 'telemetry.db')
      const ballast = join(mount, 'ballast')
      const first = new TelemetryStore(path)
      first.put(1, 1_000, STEP, 0)
      first.close()
      assert.throws(() => writeFileSync(ballast, Buffer.alloc(1 << 20)), { code: 'ENOSPC' })
      const second = new TelemetryStore(path)
      assert.deepEqual(
        [...second.load()].map(({ start }) => start),
        [1_000],
      )
      assert.deepEqual(second.troubles, [])
      second.put(1, 2_000, STEP, 0)
      assert.match(second.troubles.join(), /cannot be written/)
      rmSync(ballast)
      second.put(1, 3_000, STEP, 0)
      assert.deepEqual(second.troubles, [])
      assert.equal([...second.load()].length, 2)
      second.close()
      assert.ok(!existsSync(`${path}.damaged`))
    } finally {
      execFileSync('umount', [mount])
    }
  })
})
