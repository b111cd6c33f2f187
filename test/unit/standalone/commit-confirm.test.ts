import { strict as assert } from 'node:assert'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../../../src/standalone/lab/until.ts'
import { takeLock } from '../../../src/standalone/session/commit-lock.ts'
import { watchUnconfirmed } from '../../../src/standalone/session/watch-unconfirmed.ts'
import { SessionFixture, STUB } from './session-fixture.ts'

const PATH = ['service', 'demo', 'mode']
const ABSENT = ['/nonexistent/clawgress']

describe('a commit that has to be confirmed', () => {
  const fixture = new SessionFixture()
  const { run, configuring, called, newShell } = fixture
  const file = () => join(fixture.folder, 'run/clawgress/config/unconfirmed.json')
  const letTimePass = () => {
    const pending = JSON.parse(readFileSync(file(), 'utf8')) as object
    writeFileSync(file(), JSON.stringify({ ...pending, deadline: new Date().toISOString() }))
  }
  /** A shell that went from mode one to mode two and waits to be confirmed. */
  const unconfirmed = () =>
    configuring('set service demo mode one', 'commit', 'set service demo mode two', 'commit-confirm')
  const comments = (shell: Awaited<ReturnType<typeof configuring>>) =>
    shell.store.revisions().map(({ comment }) => comment)

  it('stays when it is confirmed, and is a revision only then', async () => {
    const shell = await configuring('set service demo mode one', 'commit', 'set service demo mode two')
    assert.equal(
      await run(shell, 'commit-confirm 5 comment "try it"'),
      'Initialized commit-confirm; 5 minutes to confirm before reload\n',
    )
    assert.deepEqual(shell.store.active().get(PATH)?.values, ['two'])
    assert.deepEqual(comments(shell), ['commit'])
    await run(shell, 'set service demo mode one')
    assert.equal(await run(shell, 'commit-confirm'), 'Another confirm is pending\n')
    assert.equal(await run(shell, 'confirm'), 'Reload timer stopped\n')
    assert.deepEqual(comments(shell), ['try it', 'commit'])
    assert.equal(await run(shell, 'confirm'), 'No confirm pending\n')
  })

  it('is taken back by a process that outlives the shell, by calling the owners', async () => {
    const shell = newShell(STUB, 20_000, true)
    await run(shell, 'configure', 'set service clawgress dns max-ttl 100', 'commit', 'delete service clawgress')
    await run(shell, 'commit-confirm 1', 'exit', 'exit')
    called()
    letTimePass()
    await until('the watcher has acted', 15_000, () => !existsSync(file()))
    assert.deepEqual(shell.store.active().get(['service', 'clawgress', 'dns', 'max-ttl'])?.values, ['100'])
    assert.deepEqual(called(), ['service_clawgress'])
    assert.equal(comments(shell)[0], 'not confirmed in time')
  })

  it('is taken back when as much time has passed, though the clock was set back', async () => {
    const shell = await unconfirmed()
    const clock = Date.now
    let elapsed = 0
    const watched = watchUnconfirmed(newShell(), () => elapsed)
    try {
      Date.now = () => clock() - 3_600_000
      elapsed = 600_000
      assert.equal(await watched, true)
    } finally {
      Date.now = clock
    }
    assert.deepEqual(shell.store.active().get(PATH)?.values, ['one'])
  })

  it('is taken back at the next configure where its watcher was ended', async () => {
    const shell = newShell(ABSENT)
    fixture.text = ''
    await run(shell, 'configure', 'set system unowned a', 'commit-confirm', 'exit')
    assert.equal(shell.store.active().has(['system', 'unowned']), true)
    letTimePass()
    assert.equal(await run(newShell(ABSENT), 'configure'), '[commit-confirm] Reverting to previous config now\n')
    assert.equal(shell.store.active().has(['system', 'unowned']), false)
    assert.equal(existsSync(file()), false)
  })

  it('is forgotten at boot, which starts from the saved configuration', async () => {
    const shell = await configuring('set service demo mode one', 'commit', 'save', 'set service demo mode two')
    await run(shell, 'commit-confirm')
    assert.equal(await newShell().boot(), true)
    assert.deepEqual(shell.store.active().get(PATH)?.values, ['one'])
    assert.equal(await watchUnconfirmed(newShell()), true)
    assert.equal(existsSync(file()), false)
  })

  it('leaves nothing to confirm where nothing could be applied', async () => {
    const shell = await configuring('set service demo mode one', 'commit', 'set service demo mode two')
    fixture.plan({ service_demo: { status: 1 } })
    assert.match(await run(shell, 'commit-confirm'), /Commit failed\n$/)
    assert.equal(await run(shell, 'confirm'), 'No confirm pending\n')
  })

  it('leaves nothing to take back where another commit is in progress', async () => {
    const shell = await configuring('set service demo mode one', 'commit', 'set service demo mode two')
    const release = takeLock(join(fixture.folder, 'run/clawgress/config/commit.lock'))!
    assert.match(await run(shell, 'commit-confirm'), /^Configuration system temporarily locked/)
    assert.equal(existsSync(file()), false)
    release()
    assert.match(await run(shell, 'commit-confirm'), /^Initialized commit-confirm/)
  })

  it('is not confirmed while it is being taken back, and says so', async () => {
    const shell = await unconfirmed()
    fixture.plan({ service_demo: { slowMs: 1500 } })
    letTimePass()
    const other = newShell()
    const reverted = other.revertUnconfirmed()
    assert.match(await run(shell, 'confirm'), /^Configuration system temporarily locked/m)
    assert.equal(await reverted, true)
    assert.equal(await run(shell, 'confirm'), 'No confirm pending\n')
    assert.deepEqual(shell.store.active().get(PATH)?.values, ['one'])
  })

  it('is not taken back once it is confirmed, whoever is about to', async () => {
    const shell = await unconfirmed()
    letTimePass()
    const { session } = shell
    const lock = takeLock(join(fixture.folder, 'run/clawgress/config/commit.lock'))!
    assert.equal(await newShell().revertUnconfirmed(), false, 'another commit is in progress')
    lock()
    assert.equal(await session!.confirm(), true)
    assert.equal(await newShell().revertUnconfirmed(), true)
    assert.deepEqual(shell.store.active().get(PATH)?.values, ['two'])
  })

  it('stays pending where taking it back cannot be noted', async () => {
    const shell = await unconfirmed()
    letTimePass()
    const inTheWay = join(fixture.folder, `run/clawgress/config/active.boot.${process.pid}.new`)
    mkdirSync(inTheWay)
    assert.equal(await newShell().revertUnconfirmed(), false)
    rmSync(inTheWay, { recursive: true })
    assert.equal(await newShell().revertUnconfirmed(), true)
    assert.deepEqual(shell.store.active().get(PATH)?.values, ['one'])
  })

  it('takes back what was committed on top of it too', async () => {
    const shell = newShell(ABSENT)
    await run(shell, 'configure', 'set system unowned a', 'commit-confirm', 'set system unowned b', 'commit')
    letTimePass()
    assert.equal(await watchUnconfirmed(shell), true)
    assert.equal(shell.store.active().has(['system', 'unowned']), false)
  })
})
