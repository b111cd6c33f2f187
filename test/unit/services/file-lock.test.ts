import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ownCommand } from '../../../src/base/own-command.ts'
import { isHeld, tryExclusive } from '../../../src/services/file-lock.ts'

const LOOKER = fileURLToPath(new URL('support/lock-looker.ts', import.meta.url))

describe('the lock of a file', () => {
  let folder: string
  let file: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'clawgress-lock-'))
    file = join(folder, 'lock')
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  /** Takes it and gives it back; was it free? */
  function take(): boolean {
    const fd = openSync(file, 'w')
    const taken = tryExclusive(fd)
    closeSync(fd)
    return taken
  }

  it('is seen while it is held, by one at a time', () => {
    assert.equal(isHeld(file), false)
    const fd = openSync(file, 'w')
    assert.equal(tryExclusive(fd), true)
    assert.deepEqual([isHeld(file), take()], [true, false])
    closeSync(fd)
    assert.deepEqual([isHeld(file), take()], [false, true])
  })

  it('is refused to nobody because somebody else looks whether it is held', async () => {
    take()
    const [program, ...args] = [...ownCommand().slice(0, -1), LOOKER, file]
    const looker = spawn(program!, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      await once(looker.stdout, 'data')
      const end = performance.now() + 500
      for (let times = 0; performance.now() < end; times++) assert.ok(take(), `refused after ${times} times`)
    } finally {
      looker.kill('SIGKILL')
      await once(looker, 'exit')
    }
  })
})
