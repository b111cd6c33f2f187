import assert from 'node:assert/strict'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { showProgress } from '../../../src/cli/progress.ts'
import { CHECKPOINTS, checkpoint, onCheckpoint } from '../../../src/conf_mode/checkpoint.ts'
import { tempFolder } from '../daemon/temp-folder.ts'

describe('the progress of a commit', () => {
  const folder = tempFolder()
  const clock = performance.now
  afterEach(() => {
    performance.now = clock
    onCheckpoint(() => {})
  })

  /** What is told of a commit whose every stage takes so many milliseconds. */
  const told = (milliseconds: number, isTerminal: (fd: number) => boolean): string => {
    const path = join(folder(), `told-${milliseconds}-${isTerminal(0)}`)
    const fd = openSync(path, 'w')
    let time = 0
    performance.now = () => time
    onCheckpoint(() => {})
    showProgress(fd, isTerminal)
    for (const name of CHECKPOINTS) {
      time += milliseconds
      checkpoint(name)
    }
    closeSync(fd)
    return readFileSync(path, 'utf8')
  }

  it('is told stage by stage on a terminal, where it takes long', () => {
    const lines = told(2_000, () => true)
      .trim()
      .split('\n')
    assert.equal(lines[0], '[2.0 s] The policy is compiled; bind9 and nftables check what was made of it ...')
    assert.match(lines.at(-1)!, /^\[\d\d\.0 s\] Everything is in place; it is proven \.\.\.$/)
  })

  it('is no matter where it is short, or nobody looks', () => {
    assert.equal(
      told(50, () => true),
      '',
    )
    assert.equal(
      told(2_000, () => false),
      '',
    )
  })

  it('goes on without a terminal that is gone', () => {
    showProgress(9_999, () => true)
    performance.now = () => Number.MAX_SAFE_INTEGER
    for (const name of CHECKPOINTS) checkpoint(name)
  })
})
