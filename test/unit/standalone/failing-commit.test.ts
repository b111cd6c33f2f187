import { strict as assert } from 'node:assert'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { SessionFixture } from './session-fixture.ts'

describe('a commit on a machine without room', () => {
  const fixture = new SessionFixture()
  const { plan, run, configuring, calls } = fixture
  const temporary = process.env.TMPDIR

  afterEach(() => {
    if (temporary === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = temporary
  })

  it('needs no folder for temporary files', async () => {
    const shell = await configuring('set service demo', 'set system other name x')
    process.env.TMPDIR = join(fixture.folder, 'none')
    plan({ service_demo: { output: 'live\n' } })
    assert.equal(await run(shell, 'commit'), '[ service demo ]\nlive\n\n')
    assert.equal(shell.session!.isChanged, false)
  })

  it('keeps what was applied before an owner that cannot be called', async () => {
    const shell = fixture.newShell(['no program has \0 in its name'])
    await run(shell, 'configure', 'set system unowned a', 'set service demo mode two')
    assert.match(await run(shell, 'commit'), /\(internal\.bug\)\n\n\[\[service demo\]\] failed\nCommit failed\n$/)
    assert.equal(shell.store.active().has(['system', 'unowned']), true)
    assert.equal(shell.session!.isChanged, true)
  })

  it('is taken back where the running configuration cannot be noted', async () => {
    const shell = await configuring('set service demo mode one', 'commit', 'set service demo mode two')
    calls()
    const active = join(fixture.folder, 'run/clawgress/config/active.boot')
    const text = readFileSync(active, 'utf8')
    const inTheWay = `${active}.${process.pid}.new`
    mkdirSync(inTheWay)
    const said = await run(shell, 'commit-confirm 5')
    assert.match(said, /EISDIR.*\nThe commit was taken back\.\n$/)
    const modes = calls().map(({ input }) => (input.proposed as { mode: string }).mode)
    assert.deepEqual(modes, ['two', 'one'])
    assert.equal(readFileSync(active, 'utf8'), text)
    assert.equal(await run(shell, 'confirm'), 'No confirm pending\n')
    rmSync(inTheWay, { recursive: true })
    assert.equal(await run(shell, 'commit'), '', 'the change is still there')
  })

  it('shows the beginning of what an owner says, and refuses one that floods it', async () => {
    plan({ service_demo: { bytes: 3 << 20 }, system_other: { bytes: 20 << 20 } })
    const shell = await configuring('set service demo', 'set system other name x')
    const said = (await run(shell, 'commit')).replace(/x{1048576}/g, 'X')
    assert.equal(
      said,
      '[ system other ]\nX\n(15728640 more bytes of output were left out)\n\n[[system other]] failed\n' +
        '[ service demo ]\nX\n(2097152 more bytes of output were left out)\n\nCommit failed\n',
    )
  })
})
