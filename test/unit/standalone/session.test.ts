import { strict as assert } from 'node:assert'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SessionFixture, STUB } from './session-fixture.ts'

describe('a configuration session', () => {
  const fixture = new SessionFixture()
  const { newShell, plan, run, configuring, calls, called } = fixture
  let folder: string

  beforeEach(() => {
    fixture.setUp()
    folder = fixture.folder
  })
  afterEach(() => fixture.tearDown())

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
    writeFileSync(join(folder, 'config/config.boot'), 'pki {\n ca x {\n certificate MII\n }\n}\nservice {\n demo\n}\n')
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
    assert.match(readFileSync(join(folder, 'run/clawgress/config/active.boot'), 'utf8'), /mode "two"/)
    plan({})
    await run(shell, 'commit')
    assert.deepEqual(
      calls().map(({ input }) => [input.proposed, input.effective]),
      [
        [null, { mode: 'two' }],
        [null, { mode: 'two' }],
      ],
    )
    assert.equal(readFileSync(join(folder, 'run/clawgress/config/active.boot'), 'utf8').includes('demo'), false)
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

  for (const [line, message] of [
    ['set service demo mode three', 'Mode must be one or two\n  Value validation failed\n  Set failed'],
    ['set service demo mode onetwo', 'Mode must be one or two\n  Value validation failed\n  Set failed'],
    ['set service demo mode', 'Configuration path: [service demo mode] requires a value\n  Set failed'],
    ['set service demo instance', 'Configuration path: [service demo instance] requires a value\n  Set failed'],
    ['set service demo instance "a b"', 'Tag node value name must not contain whitespace\n  Set failed'],
    ['set service demo instance "$(id)"', 'Invalid value\n  Value validation failed\n  Set failed'],
    ['set service nosuch', 'Configuration path: service [nosuch] is not valid\n  Set failed'],
    ['set service demo early on x', 'Configuration path: service demo early on [x] is not valid\n  Set failed'],
    [`set system other name "it's"`, "Cannot use the single quote (') character in a value string\n  Set failed"],
    [`set system other name 'a"b'`, 'Cannot use the double quote (") character in a value string\n  Set failed'],
    ['set system other name "a\\\tb"', 'Cannot use control characters in a value string\n  Set failed'],
    ['set', 'Need to specify the config node to set\n  Set failed'],
    ['rename', 'Need to specify the config node to rename\n  Rename failed'],
    ['set system other name "a\nb"', 'Cannot use the newline character in a value string\n  Set failed'],
    ['frobnicate', 'Invalid command: [frobnicate]'],
    ['comment service x', 'The specified config node does not exist\n  Comment failed'],
    ['set system other name "x', 'A " is not closed'],
  ] as const) {
    it(`refuses "${line}"`, async () => {
      const shell = await configuring()
      assert.equal(await run(shell, line), `\n  ${message}\n\n`)
      assert.equal(shell.session!.isChanged, false)
    })
  }

  it('takes values that hold everything but quotes', async () => {
    const value = '$(touch x) `id` \\ {} # // ; | %s'
    await configuring(`set system other name '${value}'`, 'commit', 'save')
    assert.equal((calls()[0]!.input.proposed as { name: string }).name, value)
    const again = newShell()
    await run(again, 'configure', 'load')
    assert.equal(again.session!.isChanged, false)
  })

  it('says what is there already and what is not', async () => {
    const shell = await configuring('set service demo mode two')
    assert.match(await run(shell, 'set service demo mode two'), /\[service demo mode two\] already exists/)
    assert.match(await run(shell, 'delete service demo instance x'), /Nothing to delete \(the specified node does not/)
    assert.match(await run(shell, 'delete system unowned x'), /Nothing to delete \(the specified value does not exist/)
  })

  it('moves between edit levels', async () => {
    const shell = await configuring('edit service demo instance a', 'set size 4')
    assert.deepEqual(shell.session!.level, ['service', 'demo', 'instance', 'a'])
    assert.equal(shell.prompt().heading, '[edit service demo instance a]\n')
    await run(shell, 'up')
    assert.deepEqual(shell.session!.level, ['service', 'demo'])
    assert.equal(await run(shell, 'show instance a size'), '+size 4\n')
    await run(shell, 'top')
    assert.deepEqual(shell.session!.level, [])
  })

  it('refuses to leave, load or merge over uncommitted changes', async () => {
    writeFileSync(join(folder, 'config/config.boot'), 'service {\n demo\n}\n')
    const shell = await configuring('set service demo')
    assert.match(await run(shell, 'exit'), /^Cannot exit: configuration modified\.\nUse 'exit discard'/)
    assert.match(await run(shell, 'load'), /^Cannot load: configuration modified\.\n/)
    assert.match(await run(shell, 'merge x'), /^Cannot merge: configuration modified\.\n/)
    assert.match(await run(shell, 'discard'), /Changes have been discarded/)
    assert.match(await run(shell, 'discard'), /No changes have been discarded/)
    await run(shell, 'exit')
    assert.equal(shell.session, undefined)
  })

  it('saves with the footer, loads again without a change, and keeps sections that it does not know', async () => {
    const boot = `firewall {
    ipv4 {
        name X {
            default-action "drop"
        }
    }
}
service {
    demo {
        mode "two"
    }
}

// Warning: Do not remove the following line.
// vyos-config-version: "bgp@5:demo@3"
// Release version: 1.4.3
`
    writeFileSync(join(folder, 'config/config.boot'), boot)
    const shell = newShell()
    assert.equal(await shell.boot(), true)
    assert.deepEqual(called(), ['service_demo'])
    await run(shell, 'configure')
    assert.equal(await run(shell, 'save'), '')
    assert.equal(readFileSync(join(folder, 'config/config.boot'), 'utf8'), boot)
    assert.equal(
      await run(shell, 'load'),
      "Loading configuration from 'config.boot'\nNo configuration changes to commit.\n",
    )
    assert.equal(await run(shell, 'exit'), '')
  })

  it('refuses at commit what a loaded file should not hold', async () => {
    writeFileSync(join(folder, 'config/new.boot'), 'service {\n demo {\n mode three\n future x\n }\n}\n')
    const shell = await configuring('load new.boot')
    const output = await run(shell, 'commit')
    assert.match(
      output,
      /^\[ service demo \]\nservice demo mode: Mode must be one or two: "three"\. \(config\.value\)\n/,
    )
    assert.match(output, /service demo future: This node does not exist in this version\. \(config\.path\)\n/)
    assert.match(output, /\n\n\[\[service demo\]\] failed\nCommit failed\n$/)
    assert.deepEqual(calls(), [])
  })

  it('boots with what can be applied when a section fails', async () => {
    writeFileSync(join(folder, 'config/config.boot'), 'service {\n demo\n}\nsystem {\n other {\n name x\n }\n}\n')
    plan({ service_demo: { status: 1, output: 'broken policy\n' } })
    const shell = newShell()
    assert.equal(await shell.boot(), false)
    assert.match(fixture.text, /\[ service demo \]\nbroken policy\n\n\[\[service demo\]\] failed\nCommit failed/)
    assert.equal(shell.store.active().has(['system', 'other']), true)
    assert.equal(shell.store.active().has(['service', 'demo']), false)
    assert.equal(await newShell().boot(), false, 'the owner is called again at every boot')
  })

  it('says where a file is broken, and loads nothing', async () => {
    writeFileSync(join(folder, 'config/config.boot'), 'service {\n demo {\n')
    const shell = await configuring()
    assert.match(await run(shell, 'load'), /config\.boot:2:2: The "\{" that opens this node has no matching "\}"/)
    assert.equal(await run(shell, 'load none.boot'), "No such file 'none.boot'\n")
    assert.equal(shell.session!.isChanged, false)
  })

  it('rolls back to earlier revisions and compares with them', async () => {
    const shell = await configuring(
      'set service demo mode two',
      'commit comment "first try"',
      'set service demo mode one',
      'commit',
    )
    assert.equal(await run(shell, 'compare 1'), '[service demo]\n- mode "two"\n+ mode "one"\n\n')
    assert.equal(await run(shell, 'compare 0 1'), '[service demo]\n- mode "two"\n+ mode "one"\n\n')
    assert.match(await run(shell, 'rollback 1'), /Rollback diff has been applied/)
    assert.equal(await run(shell, 'compare'), '[service demo]\n- mode "one"\n+ mode "two"\n\n')
    await run(shell, 'commit')
    assert.deepEqual(
      shell.store.revisions().map(({ comment }) => comment),
      ['commit', 'commit', 'first try'],
    )
    assert.match(await run(shell, 'rollback 9'), /^Invalid revision number 9: must be 0 < rev < 3\n$/)
    assert.match(await run(shell, 'rollback'), /must include a revision/)
  })

  it('keeps at most 100 revisions', async () => {
    const shell = await configuring()
    const tree = shell.store.active()
    for (let i = 0; i < 105; i++) shell.store.addRevision(tree, { time: '', user: '', via: '', comment: String(i) })
    assert.equal(shell.store.revisions().length, 100)
    assert.equal(shell.store.revisions()[0]!.comment, '104')
    assert.equal(readdirSync(join(folder, 'var/lib/clawgress/config-revisions')).length, 200)
  })

  it('keeps the commits of two sessions', async () => {
    const first = await configuring('set service demo mode two')
    const second = await configuring('set system unowned a')
    await run(second, 'commit')
    await run(first, 'commit')
    assert.equal(first.store.active().has(['system', 'unowned']), true)
    assert.deepEqual(first.store.active().get(['service', 'demo', 'mode'])?.values, ['two'])
  })

  it('stays what it is where the disk has no room for its revision', async () => {
    mkdirSync(join(folder, 'var/lib/clawgress'), { recursive: true })
    writeFileSync(join(folder, 'var/lib/clawgress/config-revisions'), 'in the way')
    const shell = await configuring('set service demo mode two')
    assert.match(await run(shell, 'commit'), /^Warning: the commit is in force, but is no revision for rollback: E/)
    assert.equal(shell.session!.isChanged, false)
    assert.deepEqual(shell.store.active().get(['service', 'demo', 'mode'])?.values, ['two'])
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
