import { strict as assert } from 'node:assert'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SessionFixture, STUB } from './session-fixture.ts'

describe('a commit', () => {
  const fixture = new SessionFixture()
  const { newShell, plan, run, configuring, calls, called } = fixture

  it('calls an owner once, with defaults, however many leaves changed', async () => {
    const shell = await configuring('set service demo mode two', 'set system other name x')
    assert.equal(await run(shell, 'commit'), '')
    const [first, second, ...more] = calls()
    assert.deepEqual(more, [])
    assert.equal(first!.name, 'system_other', 'lower priority first')
    assert.equal(second!.name, 'service_demo')
    assert.deepEqual(second!.input, { proposed: { mode: 'two' }, effective: null, pki: null, dry_run: false })
    await run(shell, 'delete service demo mode', 'commit')
    assert.deepEqual(calls()[0]!.input, {
      proposed: { mode: 'one' },
      effective: { mode: 'two' },
      pki: null,
      dry_run: false,
    })
  })

  it('hands pki over to every owner', async () => {
    writeFileSync(
      join(fixture.folder, 'config/config.boot'),
      'pki {\n ca x {\n certificate MII\n }\n}\nservice {\n demo\n}\n',
    )
    await configuring('load', 'commit')
    assert.deepEqual(calls()[0]!.input.pki, { ca: { x: { certificate: 'MII' } } })
  })

  it('shows what an owner says under its path', async () => {
    plan({ service_demo: { output: 'all well\n' }, system_other: { output: 'no line end' } })
    const shell = await configuring('set service demo', 'set system other name x')
    assert.equal(await run(shell, 'commit'), '[ system other ]\nno line end\n[ service demo ]\nall well\n\n')
  })

  it('keeps a refused subtree as uncommitted change and applies the rest', async () => {
    plan({ service_demo: { output: 'first\n', error: 'second\n', status: 1 } })
    const shell = await configuring('set service demo mode two', 'set system other name x', 'set system unowned a')
    assert.equal(
      await run(shell, 'commit'),
      '[ service demo ]\nfirst\nsecond\n\n[[service demo]] failed\nCommit failed\n',
    )
    assert.equal(await run(shell, 'compare'), '[service]\n+ demo {\n+     mode "two"\n+ }\n\n')
    assert.equal(
      await run(shell, 'run show configuration commands'),
      "set service\nset system other name 'x'\nset system unowned 'a'\n",
      'what nobody owns is applied, also the node above',
    )
    plan({})
    assert.equal(await run(shell, 'commit'), '')
    assert.equal(await run(shell, 'commit'), 'No configuration changes to commit\n')
  })

  it('calls the owner with the node gone when it is deleted, and keeps it when that fails', async () => {
    const shell = await configuring('set service demo mode two', 'commit')
    calls()
    plan({ service_demo: { status: 1, output: 'not now\n' } })
    const output = await run(shell, 'delete service', 'commit')
    assert.equal(output, '[ service demo ]\nnot now\n\ndelete [ service demo ] failed\nCommit failed\n')
    assert.match(readFileSync(join(fixture.folder, 'run/clawgress/config/active.boot'), 'utf8'), /mode "two"/)
    plan({})
    await run(shell, 'commit')
    assert.deepEqual(
      calls().map(({ input }) => [input.proposed, input.effective]),
      [
        [null, { mode: 'two' }],
        [null, { mode: 'two' }],
      ],
    )
    assert.equal(readFileSync(join(fixture.folder, 'run/clawgress/config/active.boot'), 'utf8').includes('demo'), false)
  })

  it('calls owners of tag nodes once a changed tag, and nested owners instead of the outer one', async () => {
    const shell = await configuring(
      'set service demo',
      'set service demo instance a size 1',
      'set service demo instance b',
      'commit',
    )
    assert.deepEqual(called(), ['service_demo', 'service_demo_instance a', 'service_demo_instance b'])
    await run(
      shell,
      'set service demo instance b size 2',
      'set service demo instance c',
      'delete service demo instance a',
      'commit',
    )
    assert.deepEqual(called(), ['service_demo_instance a', 'service_demo_instance b', 'service_demo_instance c'])
    await run(shell, 'delete service demo', 'commit')
    assert.deepEqual(called(), ['service_demo_instance b', 'service_demo_instance c', 'service_demo'])
  })

  it('does not call parts of what could not be created', async () => {
    plan({ service_demo: { status: 1 } })
    const shell = await configuring('set service demo mode two', 'set service demo instance a')
    assert.equal(
      await run(shell, 'commit'),
      '[[service demo]] failed\n[[service demo instance a]] failed\nCommit failed\n',
    )
    assert.deepEqual(called(), ['service_demo'])
  })

  it('warns of a priority that is not above that of the outer owner, and calls it later all the same', async () => {
    const shell = await configuring('set service demo early on', 'set service demo mode two')
    assert.match(
      await run(shell, 'commit'),
      /^Warning: priority inversion \[service demo early\]\(5\) <= \[service demo\]\(990\)\n.*to \(991\)\n$/,
    )
    assert.deepEqual(called(), ['service_demo', 'service_demo_early'])
  })

  it('stops an owner that does not finish, and survives one that cannot be started', async () => {
    plan({ service_demo: { hangs: true } })
    const shell = newShell(STUB, 1000)
    await run(shell, 'configure', 'set service demo')
    assert.match(
      await run(shell, 'commit'),
      /did not finish within 1 s and was stopped\.\n\n\[\[service demo\]\] failed/,
    )
    const other = newShell(['/nonexistent/clawgress'])
    await run(other, 'configure', 'set service demo')
    assert.match(await run(other, 'commit'), /cannot be started: .*ENOENT.*\n\n\[\[service demo\]\] failed/)
  })

  it('does not wait for what an owner leaves running', async () => {
    plan({ service_demo: { leaves: 20, output: 'left\n' } })
    const shell = await configuring('set service demo')
    const started = Date.now()
    assert.match(await run(shell, 'commit'), /left/)
    assert.ok(Date.now() - started < 10_000)
  })

  it('survives an owner that does not read its input', async () => {
    plan({ system_other: { deaf: true } })
    const shell = await configuring(`set system other name ${'x'.repeat(200_000)}`)
    assert.equal(await run(shell, 'commit'), '')
  })

  it('runs on after a comment on a node, which no owner is told of', async () => {
    const shell = await configuring('set service demo mode two', 'commit')
    calls()
    await run(shell, 'comment service demo "why it is so"', 'commit')
    assert.deepEqual(calls(), [])
    assert.equal(
      await run(shell, 'show'),
      ' service {\n     /* why it is so */\n     demo {\n         mode two\n     }\n }\n',
    )
  })
})
