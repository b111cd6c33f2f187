import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { GrowthWatch } from '../../../../src/daemon/records/sources/growth-watch.ts'
import { tempFolder } from '../temp-folder.ts'

/** Milliseconds that nobody waits for in vain here. */
const LONG = 20_000

describe('a wait for logs to grow', () => {
  const folder = tempFolder()
  let watch: GrowthWatch
  afterEach(() => watch.close())

  const waitDuring = async (act: () => void): Promise<number> => {
    const began = performance.now()
    const waiting = watch.wait(LONG)
    act()
    await waiting
    return performance.now() - began
  }

  it('ends when one of them grows, again and again, and with one that came before it', async () => {
    const path = join(folder(), 'a.log')
    watch = new GrowthWatch([path])
    for (const line of ['a\n', 'b\n']) assert.ok((await waitDuring(() => appendFileSync(path, line))) < LONG / 2)
  })

  it('goes on over what happens to other files, until its time', async () => {
    watch = new GrowthWatch([join(folder(), 'b.log')])
    const began = performance.now()
    const waiting = watch.wait(150)
    appendFileSync(join(folder(), 'other.log'), 'x')
    await waiting
    assert.ok(performance.now() - began >= 145)
  })

  it('is no more than a wait where a folder cannot be looked at', async () => {
    const loop = join(folder(), 'loop')
    symlinkSync(loop, loop)
    watch = new GrowthWatch([join(loop, 'd.log')])
    await watch.wait(1)
  })

  it('is no more than a wait where a folder is missing, and ends early once it is there or was made anew', async () => {
    const later = join(folder(), 'later')
    const path = join(later, 'c.log')
    watch = new GrowthWatch([path])
    await watch.wait(1)
    for (let round = 0; round < 2; round++) {
      rmSync(later, { recursive: true, force: true })
      mkdirSync(later)
      // The folders are looked at once a second, between waits.
      for (const end = performance.now() + 1_100; performance.now() < end; ) await watch.wait(40)
      assert.ok((await waitDuring(() => appendFileSync(path, 'x'))) < LONG / 2)
    }
  })
})
