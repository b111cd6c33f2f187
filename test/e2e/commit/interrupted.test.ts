import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { before, describe, it } from 'mocha'
import { runtimePaths } from '../../../src/base/layout.ts'
import { policySettings } from '../../../src/standalone/lab/gateway.ts'
import { inNamespace } from '../../../src/standalone/lab/namespace.ts'
import { clawgressProgram } from '../../../src/standalone/lab/process.ts'
import { current, mustImport, policyFile } from '../support/commits.ts'
import { until, useLab } from '../support/lab.ts'
import { policyOf } from '../support/reach.ts'

const FIRST = policyOf('api.openai.com', 'h2.pool.net')
const SECOND = policyOf('api.openai.com', 'h3.pool.net')
const ARCHIVE = '/config/backup.tar.gz'

describe('a change whose operator goes away', () => {
  const lab = useLab()

  before(async () => {
    await lab().gateway.write('/config/policy.json', SECOND)
    await lab().gateway.commit(policySettings('/config/policy.json'))
    await lab().gateway.clawgress(['backup', ARCHIVE])
    await lab().gateway.write('/config/next.json', SECOND)
  })

  /** A command in a process group of its own, as a terminal's shell starts it. */
  function start(words: readonly string[]): ChildProcess {
    const [program, args] = inNamespace(lab().gateway.namespace, [...clawgressProgram(), ...words])
    return spawn(program, args, {
      env: { ...process.env, ...lab().gateway.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
  }

  const intent = () => runtimePaths(lab().gateway.layout).intent

  for (const words of [
    ['policy', 'import', '/config/next.json'],
    ['restore', ARCHIVE],
  ])
    describe(`(${words.join(' ')})`, () => {
      let before: string

      beforeEach(async () => {
        await mustImport(lab(), FIRST)
        await lab().gateway.write('/config/next.json', SECOND)
        before = current(lab())
      })

      function assertDone(status: unknown): void {
        assert.deepEqual(status, [0, null])
        assert.deepEqual(policyFile(lab()), SECOND)
        assert.notEqual(current(lab()), before)
        assert.equal(existsSync(intent()), false)
      }

      for (const signal of ['SIGINT', 'SIGHUP'] as const)
        it(`is carried out to its end after a ${signal} in the middle of it`, async () => {
          const child = start(words)
          const ended = once(child, 'exit')
          await until('it is being applied', 20_000, () => existsSync(intent()))
          process.kill(-child.pid!, signal)
          assertDone(await ended)
        })

      // What restore says before it is done is the lab's warnings alone, of which there are none.
      if (words[0] === 'policy')
        it('is carried out to its end when nobody reads what it says', async () => {
          const child = start(words)
          const ended = once(child, 'exit')
          child.stdout!.destroy()
          child.stderr!.destroy()
          assertDone(await ended)
        })
    })
})
