import { strict as assert } from 'node:assert'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SessionFixture } from './session-fixture.ts'

describe('a configuration session with its files and revisions', () => {
  const fixture = new SessionFixture()
  const { newShell, plan, run, configuring, calls, called } = fixture

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
    writeFileSync(join(fixture.folder, 'config/config.boot'), boot)
    const shell = newShell()
    assert.equal(await shell.boot(), true)
    assert.deepEqual(called(), ['service_demo'])
    await run(shell, 'configure')
    assert.equal(await run(shell, 'save'), '')
    assert.equal(readFileSync(join(fixture.folder, 'config/config.boot'), 'utf8'), boot)
    assert.equal(
      await run(shell, 'load'),
      "Loading configuration from 'config.boot'\nNo configuration changes to commit.\n",
    )
    assert.equal(await run(shell, 'exit'), '')
  })

  it('is saved over nothing but the file that was named, whatever lies beside that', async () => {
    const victim = join(fixture.folder, 'victim')
    writeFileSync(victim, 'precious')
    symlinkSync(victim, join(fixture.folder, `config/copy.boot.${process.pid}.new`))
    const shell = await configuring('set service demo mode two', 'commit')
    assert.equal(await run(shell, 'save copy.boot'), '')
    assert.equal(readFileSync(victim, 'utf8'), 'precious')
    assert.match(readFileSync(join(fixture.folder, 'config/copy.boot'), 'utf8'), /mode "two"/)
  })

  it('refuses at commit what a loaded file should not hold', async () => {
    writeFileSync(join(fixture.folder, 'config/new.boot'), 'service {\n demo {\n mode three\n future x\n }\n}\n')
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
    writeFileSync(
      join(fixture.folder, 'config/config.boot'),
      'service {\n demo\n}\nsystem {\n other {\n name x\n }\n}\n',
    )
    plan({ service_demo: { status: 1, output: 'broken policy\n' } })
    const shell = newShell()
    assert.equal(await shell.boot(), false)
    assert.match(fixture.text, /\[ service demo \]\nbroken policy\n\n\[\[service demo\]\] failed\nCommit failed/)
    assert.equal(shell.store.active().has(['system', 'other']), true)
    assert.equal(shell.store.active().has(['service', 'demo']), false)
    assert.equal(await newShell().boot(), false, 'the owner is called again at every boot')
  })

  it('says where a file is broken, and loads nothing', async () => {
    writeFileSync(join(fixture.folder, 'config/config.boot'), 'service {\n demo {\n')
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
    assert.equal(readdirSync(join(fixture.folder, 'var/lib/clawgress/config-revisions')).length, 200)
  })

  it('stays what it is where the disk has no room for its revision', async () => {
    mkdirSync(join(fixture.folder, 'var/lib/clawgress'), { recursive: true })
    writeFileSync(join(fixture.folder, 'var/lib/clawgress/config-revisions'), 'in the way')
    const shell = await configuring('set service demo mode two')
    assert.match(await run(shell, 'commit'), /^Warning: the commit is in force, but is no revision for rollback: E/)
    assert.equal(shell.session!.isChanged, false)
    assert.deepEqual(shell.store.active().get(['service', 'demo', 'mode'])?.values, ['two'])
  })
})
