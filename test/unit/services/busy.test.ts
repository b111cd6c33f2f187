import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { isBusy } from '../../../src/services/busy.ts'
import { until } from '../../../src/standalone/lab/until.ts'

const SPIN = ['sh', '-c', 'echo; while :; do :; done'] as const
/** A processor that this process may use. */
const processor = /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]!

describe('a program that does not answer', () => {
  const children: ChildProcess[] = []
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
  })

  /** Resolves once it has said something. */
  async function start(...[program, ...args]: readonly string[]): Promise<number> {
    const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(child)
    await once(child.stdout!, 'data')
    return child.pid!
  }

  /** Waits until the process, which runs the program by then, has a state of proc(5). */
  const becomes = (pid: number, state: string, program: string) =>
    until(`${program} has state ${state}`, 15_000, () =>
      readFileSync(`/proc/${pid}/stat`, 'utf8').includes(` (${program}) ${state} `),
    )

  it('is at work while it uses a processor, and not while it waits or is stopped', async () => {
    const waiting = await start('sh', '-c', 'echo; exec sleep 60')
    await becomes(waiting, 'S', 'sleep')
    const working = await start(...SPIN)
    assert.deepEqual(await Promise.all([isBusy(waiting), isBusy(working)]), [false, true])
    process.kill(working, 'SIGSTOP')
    await becomes(working, 'T', 'sh')
    assert.equal(await isBusy(working), false)
  })

  it('is at work also while others leave it no processor', async () => {
    const pinned = ['taskset', '-c', processor]
    await start(...pinned, ...SPIN)
    const starved = await start(...pinned, 'sh', '-c', `echo; exec chrt --idle 0 sh -c 'while :; do :; done'`)
    assert.equal(await isBusy(starved), true)
  })

  it('is not at work when it has ended', async () => {
    const ended = await start('sh', '-c', 'echo; exec sleep 60')
    process.kill(ended, 'SIGKILL')
    await once(children[0]!, 'exit')
    assert.equal(await isBusy(ended), false)
  })
})
