import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { ClawgressError } from '../../../src/base/errors.ts'
import { type Layout, runtimePaths } from '../../../src/base/layout.ts'
import { until } from '../../../src/standalone/lab/until.ts'
import { isAlive, removeLayout, statusOf, supervisorPid, temporaryLayout, testServices } from './support/gateway.ts'

describe('supervisor', () => {
  let layout: Layout
  let services: ReturnType<typeof testServices>

  beforeEach(() => {
    layout = temporaryLayout()
    services = testServices(layout)
  })
  afterEach(async () => {
    await services.stopAll()
    removeLayout(layout)
  })

  const order = () =>
    readFileSync(join(runtimePaths(layout).pinnerFolder, 'order'), 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[0])

  it('starts on demand, and returns when the unit does its work', async () => {
    await services.ensure('listener')
    const connection = createConnection(join(runtimePaths(layout).pinnerFolder, 'listener.sock'))
    await new Promise((resolve, reject) => connection.once('connect', resolve).once('error', reject))
    connection.destroy()
    assert.equal((await statusOf(layout, 'listener')).state, 'running')
  })

  it('does nothing when the unit runs already', async () => {
    await services.ensure('listener')
    const { pid } = await statusOf(layout, 'listener')
    await services.ensure('listener')
    assert.equal((await statusOf(layout, 'listener')).pid, pid)
  })

  it('replaces a unit that runs and does not do its work any more, when it is asked for', async () => {
    await services.ensure('listener')
    const { pid } = await statusOf(layout, 'listener')
    const socket = join(runtimePaths(layout).pinnerFolder, 'listener.sock')
    rmSync(socket)
    await services.ensure('listener')
    assert.equal(isAlive(pid!), false)
    assert.ok(statSync(socket).isSocket())
  })

  it('brings a killed unit back within 2 s, again and again', async () => {
    await services.ensure('listener')
    for (let round = 1; round <= 4; round++) {
      const { pid } = await statusOf(layout, 'listener')
      const killed = performance.now()
      process.kill(pid!, 'SIGKILL')
      await until('back', 15_000, async () => {
        const now = await statusOf(layout, 'listener')
        return now.pid !== pid && now.state === 'running'
      })
      assert.ok(performance.now() - killed < 2_000)
      const status = await statusOf(layout, 'listener')
      assert.equal(status.restarts, round)
      assert.equal(status.lastExit, 'signal SIGKILL')
    }
  })

  it('replaces a unit whose heart stands still, and only such a one', async () => {
    await Promise.all([services.ensure('beating'), services.ensure('lifeless')])
    const { pid } = await statusOf(layout, 'beating')
    await until(
      'one that never began is replaced',
      10_000,
      async () => (await statusOf(layout, 'lifeless')).restarts > 0,
    )
    assert.equal((await statusOf(layout, 'beating')).pid, pid)
    const stopped = performance.now()
    process.kill(pid!, 'SIGSTOP')
    await until('the stopped one is replaced', 10_000, async () => {
      const now = await statusOf(layout, 'beating')
      return now.pid !== pid && now.state === 'running'
    })
    const took = performance.now() - stopped
    assert.ok(took >= 900, `replaced after ${took} ms`)
    const { lastExit } = await statusOf(layout, 'beating')
    assert.equal(lastExit, 'signal SIGKILL')
  })

  it('gives a unit its user, its groups, exactly its capabilities, and no way to get more', async () => {
    await services.ensure('listener')
    await services.ensure('sleeper')
    const facts = async (unit: string) => {
      const status = readFileSync(`/proc/${(await statusOf(layout, unit)).pid}/status`, 'utf8')
      return (key: string) => new RegExp(`^${key}:\\s*(.*?)\\s*$`, 'm').exec(status)![1]!
    }
    const uid = spawnSync('id', ['-u', 'clawgress'], { encoding: 'utf8' }).stdout.trim()
    const gid = spawnSync('id', ['-g', 'clawgress'], { encoding: 'utf8' }).stdout.trim()
    for (const [unit, capabilities] of [
      ['listener', 0x3000n],
      ['sleeper', 0n],
    ] as const) {
      const fact = await facts(unit)
      assert.deepEqual(fact('Uid').split('\t'), [uid, uid, uid, uid], unit)
      assert.deepEqual(fact('Gid').split('\t'), [gid, gid, gid, gid], unit)
      assert.equal(fact('Groups'), gid, unit)
      assert.equal(fact('NoNewPrivs'), '1', unit)
      for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
        assert.equal(BigInt(`0x${fact(set)}`), capabilities, `${unit} ${set}`)
    }
  })

  it('gives a unit the variables of its definition, and no other unit', async () => {
    await services.ensure('listener')
    await services.ensure('sleeper')
    const variables = async (unit: string) =>
      readFileSync(`/proc/${(await statusOf(layout, unit)).pid}/environ`, 'utf8').split('\0')
    assert.ok((await variables('listener')).includes('NODE_OPTIONS=--max-semi-space-size=2'))
    assert.ok(!(await variables('sleeper')).some((variable) => variable.startsWith('NODE_OPTIONS=')))
  })

  it('ends a unit that takes more memory than it may, and says what it said', async () => {
    await assert.rejects(
      services.ensure('greedy'),
      /greedy program, ends again and again \(exit status 1\).*MemoryError/s,
    )
  })

  it('refuses, with its last words, a unit that cannot start, and leaves it stopped', async () => {
    await assert.rejects(services.ensure('broken'), (error: unknown) => {
      assert.ok(error instanceof ClawgressError)
      assert.equal(error.problems[0]!.code, 'apply.service')
      assert.match(error.message, /exit status 3.*no such configuration/)
      return true
    })
    const { state, pid } = await statusOf(layout, 'broken')
    assert.deepEqual({ state, pid }, { state: 'failed', pid: undefined })
  })

  it('starts at once, when it is asked for, a unit that ended again and again until what was wrong was mended', async () => {
    await services.ensure('listener')
    const { pid } = await statusOf(layout, 'listener')
    const socket = join(runtimePaths(layout).pinnerFolder, 'listener.sock')
    rmSync(socket)
    mkdirSync(socket)
    process.kill(pid!, 'SIGKILL')
    await until('it ends again and again', 10_000, async () => {
      const { state, restarts } = await statusOf(layout, 'listener')
      return state === 'waiting' && restarts >= 5
    })
    rmdirSync(socket)
    await services.ensure('listener')
    assert.equal((await statusOf(layout, 'listener')).state, 'running')
  })

  it('refuses a unit that runs but does not become ready in time', async () => {
    await assert.rejects(services.ensure('deaf'), /did not become ready within 0.3 s/)
    assert.equal((await statusOf(layout, 'deaf')).state, 'failed')
  })

  it('stops a unit that does not heed SIGTERM', async () => {
    await services.ensure('stubborn')
    const { pid } = await statusOf(layout, 'stubborn')
    await services.stop('stubborn')
    assert.equal(isAlive(pid!), false)
    assert.equal((await statusOf(layout, 'stubborn')).state, 'stopped')
  })

  it('restarts and reloads', async () => {
    await services.ensure('reloader')
    const { pid } = await statusOf(layout, 'reloader')
    await services.reload('reloader')
    await until('reloaded', 15_000, () => {
      try {
        return order().includes('reloaded')
      } catch {
        return false
      }
    })
    await services.restart('reloader')
    assert.notEqual((await statusOf(layout, 'reloader')).pid, pid)
    assert.equal(isAlive(pid!), false)
  })

  it('takes its units with it when it is killed, and the next order begins anew', async () => {
    await services.ensure('listener')
    await services.ensure('sleeper')
    const units = [(await statusOf(layout, 'listener')).pid!, (await statusOf(layout, 'sleeper')).pid!]
    const first = supervisorPid(layout)
    process.kill(first, 'SIGKILL')
    await until('no unit is left', 15_000, () => !units.some(isAlive))
    await services.ensure('listener')
    assert.notEqual(supervisorPid(layout), first)
    assert.equal((await statusOf(layout, 'listener')).state, 'running')
  })

  it('stops its units on SIGTERM, politely, and leaves no process', async () => {
    await services.ensure('listener')
    await services.ensure('sleeper')
    const pids = [
      supervisorPid(layout),
      (await statusOf(layout, 'listener')).pid!,
      (await statusOf(layout, 'sleeper')).pid!,
    ]
    process.kill(pids[0]!, 'SIGTERM')
    await until('all have ended', 15_000, () => !pids.some(isAlive))
    assert.deepEqual(order(), ['up', 'down', ''])
  })

  it('is one, however many ask for it at the same time', async () => {
    await Promise.all(['listener', 'sleeper', 'listener', 'reloader'].map((unit) => testServices(layout).ensure(unit)))
    const pid = supervisorPid(layout)
    assert.equal((await statusOf(layout, 'reloader')).state, 'running')
    const second = spawnSync(process.execPath, ['--import', 'tsx', 'test/unit/services/support/supervisor.ts'], {
      encoding: 'utf8',
      env: { ...process.env, CLAWGRESS_ROOT: layout.root },
    })
    assert.notEqual(second.status, 0)
    assert.match(second.stderr, new RegExp(`A supervisor already runs.*process ${pid}`))
    assert.equal((await statusOf(layout, 'listener')).state, 'running')
  })

  const emptyRunFolder = () => {
    for (const name of readdirSync(layout.run)) rmSync(join(layout.run, name), { recursive: true, force: true })
  }

  it('takes its place again when the run folder is emptied, units running, so that nobody starts a second one', async () => {
    await services.ensure('sleeper')
    const { pid } = await statusOf(layout, 'sleeper')
    const first = supervisorPid(layout)
    emptyRunFolder()
    await until('orders are taken again', 15_000, () =>
      statusOf(layout, 'sleeper').then(
        () => true,
        () => false,
      ),
    )
    assert.equal((await statusOf(layout, 'sleeper')).pid, pid)
    await services.ensure('listener')
    assert.equal(supervisorPid(layout), first)
  })

  it('ends a supervisor that lost its place, and its units, before it starts its own', async () => {
    await services.ensure('sleeper')
    const old = [supervisorPid(layout), (await statusOf(layout, 'sleeper')).pid!]
    // It would take its place again.
    process.kill(old[0]!, 'SIGSTOP')
    emptyRunFolder()
    await services.ensure('sleeper')
    assert.deepEqual(old.filter(isAlive), [])
    assert.equal((await statusOf(layout, 'sleeper')).state, 'running')
  })

  it('ends, and its units with it, when nothing of the gateway is left', async () => {
    await services.ensure('sleeper')
    const pids = [supervisorPid(layout), (await statusOf(layout, 'sleeper')).pid!]
    removeLayout(layout)
    await until('all have ended', 15_000, () => !pids.some(isAlive))
    assert.equal(statSync(layout.run, { throwIfNoEntry: false }), undefined)
  })

  it('lets nobody but root give orders, and cuts those who send nonsense', async () => {
    await services.ensure('sleeper')
    const { supervisorSocket } = runtimePaths(layout)
    assert.equal(statSync(supervisorSocket).mode & 0o777, 0o600)
    for (const nonsense of ['nonsense\n', '{"id":1,"command":"format"}\n', 'x'.repeat(100_000)]) {
      const connection = createConnection(supervisorSocket)
      connection.on('error', () => {})
      const closed = new Promise((resolve) => connection.once('close', resolve))
      connection.write(nonsense)
      await closed
    }
    assert.equal((await statusOf(layout, 'sleeper')).state, 'running')
  })

  it('says that everything is stopped where no supervisor runs, and starts none for that', async () => {
    const states = (await services.status()).map(({ state }) => state)
    assert.deepEqual(states, ['stopped', 'stopped', 'stopped', 'stopped', 'stopped'])
    await services.stop('listener')
    await services.reload('listener')
    assert.throws(() => supervisorPid(layout))
  })
})
