import assert from 'node:assert/strict'
import { runProgram } from '../../../src/base/run-program.ts'

describe('a program that is run to its end', () => {
  it('gives its status and what it said', async () => {
    const ended = await runProgram('sh', ['-c', 'echo out; echo err >&2; exit 3'], { timeoutMs: 10_000 })
    assert.deepEqual(ended, { exitCode: 3, stdout: 'out\n', stderr: 'err\n' })
  })

  it('is killed when its time is over', async () => {
    const { exitCode } = await runProgram('sleep', ['60'], { timeoutMs: 50 })
    assert.equal(exitCode, undefined)
  })

  it('leaves no timer behind where it cannot be started', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
    // Mocha's own timer for this test begins once it has been called.
    await Promise.resolve()
    const before = timers()
    await assert.rejects(runProgram('/nowhere/program', [], { timeoutMs: 60_000 }), { code: 'ENOENT' })
    assert.equal(timers(), before)
  })
})
