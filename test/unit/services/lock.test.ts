import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setImmediate as immediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ClawgressError } from '../../../src/base/errors.ts'
import type { Layout } from '../../../src/base/layout.ts'
import { ownCommand } from '../../../src/base/own-command.ts'
import { withLock } from '../../../src/services/lock.ts'
import { removeLayout, temporaryLayout } from './support/gateway.ts'

const HOLDER = fileURLToPath(new URL('support/lock-holder.ts', import.meta.url))

describe('the lock of the enforcement', () => {
  let layout: Layout

  beforeEach(() => {
    layout = temporaryLayout()
  })
  afterEach(() => removeLayout(layout))

  /** Another process that has the lock. */
  async function holder(): Promise<ChildProcess> {
    const [program, ...args] = [...ownCommand().slice(0, -1), HOLDER]
    const child = spawn(program!, args, {
      env: { ...process.env, CLAWGRESS_ROOT: layout.root },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout!, 'data')
    return child
  }

  it('gives back what the work gives, and lets the next one in, also after a failure', async () => {
    assert.equal(await withLock(layout, 0, () => 7), 7)
    await assert.rejects(
      withLock(layout, 0, () => Promise.reject(new Error('broken'))),
      /broken/,
    )
    assert.equal(await withLock(layout, 0, async () => 8), 8)
  })

  it('keeps works apart that are begun at the same time', async () => {
    let inside = 0
    let most = 0
    const work = async () => {
      most = Math.max(most, ++inside)
      await immediate()
      inside--
    }
    await Promise.all(Array.from({ length: 10 }, () => withLock(layout, 5_000, work)))
    assert.equal(most, 1)
  })

  it('says who holds it and since when, after the time to wait and not before', async () => {
    const child = await holder()
    const start = Date.now()
    await assert.rejects(
      withLock(layout, 200, () => assert.fail('the lock was given twice')),
      (error: unknown) => {
        assert.ok(error instanceof ClawgressError)
        assert.equal(error.problems[0]!.code, 'apply.busy')
        assert.match(error.message, new RegExp(`policy import \\(process ${child.pid}\\) has been at it since 20`))
        return true
      },
    )
    const took = Date.now() - start
    assert.ok(took >= 200 && took < 4_000, `waited ${took} ms`)
    child.kill('SIGKILL')
  })

  it('is free as soon as its holder is killed', async () => {
    const child = await holder()
    const waiting = withLock(layout, 5_000, () => Date.now())
    const killed = Date.now()
    child.kill('SIGKILL')
    const entered = await waiting
    assert.ok(entered - killed < 2_500, `entered ${entered - killed} ms after the holder's death`)
  })

  it('is not inherited by processes that the work starts', async () => {
    let child: ChildProcess | undefined
    await withLock(layout, 0, () => {
      child = spawn('sleep', ['30'], { stdio: 'ignore' })
    })
    assert.equal(await withLock(layout, 0, () => 'free'), 'free')
    child!.kill('SIGKILL')
  })
})
