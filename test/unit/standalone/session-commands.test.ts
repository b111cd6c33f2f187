import { strict as assert } from 'node:assert'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SessionFixture } from './session-fixture.ts'

describe('the commands of a configuration session', () => {
  const fixture = new SessionFixture()
  const { run, configuring, called } = fixture
  const write = (name: string, text: string) => writeFileSync(join(fixture.folder, 'config', name), text)

  it('rename a tag node: the owner is called for the old name and for the new one', async () => {
    const shell = await configuring(
      'set service demo instance a size 1',
      'comment service demo instance a "why"',
      'commit',
    )
    called()
    assert.equal(await run(shell, 'edit service demo', 'rename instance a to instance c', 'top', 'commit'), '')
    assert.deepEqual(called(), ['service_demo_instance a', 'service_demo_instance c'])
    assert.deepEqual(shell.store.active().get(['service', 'demo', 'instance', 'c', 'size'])?.values, ['1'])
    assert.equal(shell.store.active().get(['service', 'demo', 'instance', 'c'])?.comment, 'why')
  })

  it('copy a tag node beside the other', async () => {
    const shell = await configuring('set service demo instance a size 1', 'edit service demo')
    assert.equal(await run(shell, 'copy inst a to instance b'), '')
    assert.equal(await run(shell, 'show instance b'), '+size 1\n')
  })

  for (const [line, message] of [
    ['rename instance a to instance b', 'Configuration "instance b" already exists\n  Rename failed'],
    ['copy instance x to instance y', 'Configuration "instance x" does not exist\n  Copy failed'],
    ['copy instance a to mode two', 'Cannot copy from "instance" to "mode"\n  Copy failed'],
    ['rename mode one to mode two', 'Cannot rename under "mode"\n  Rename failed'],
    ['rename instance a instance c', 'Invalid command: rename instance a instance c'],
    ['copy instance a to instance "c d"', 'Tag node value name must not contain whitespace\n  Copy failed'],
    ['copy instance a to instance C', 'Invalid value\n  Value validation failed\n  Copy failed'],
    ['copy nosuch a to nosuch b', 'Configuration path: [nosuch] is not valid\n  Copy failed'],
    ['comment instance "x"', 'Cannot add comment at this level\n  Comment failed'],
    ['comment instance a size 1 "x"', 'Cannot comment on config values\n  Comment failed'],
    ['comment instance a "a */ b"', "Cannot use the '*' character in a comment\n  Comment failed"],
    ['comment instance z "x"', 'The specified config node does not exist\n  Comment failed'],
  ] as const) {
    it(`refuse "${line}"`, async () => {
      const shell = await configuring(
        'set service demo instance a size 1',
        'set service demo instance b',
        'set service demo mode one',
        'commit',
        'edit service demo',
      )
      assert.equal(await run(shell, line), `\n  ${message}\n\n`)
      assert.equal(shell.session!.isChanged, false)
    })
  }

  for (const [line, message] of [
    ['up', 'Already at the top level'],
    ['top', 'Already at the top level'],
    ['edit system unowned', 'The "edit" command cannot be issued at the specified level'],
    ['edit service demo mode one', 'The "edit" command cannot be issued at the specified level'],
    ['commit', 'No configuration changes to commit'],
    ['commit-confirm 5', 'No configuration changes to commit'],
    ['confirm', 'No confirm pending'],
    ['merge', 'Need config file name to merge.\nUsage: merge <config file> [config path]'],
    ['merge none', "No such file 'none'"],
    ['rollback-soft', 'Error: must include a revision # to rollback to'],
  ] as const) {
    it(`answer "${line}" without setting it off`, async () => {
      assert.equal(await run(await configuring(), line), `${message}\n`)
    })
  }

  it('say in which way a commit is misunderstood', async () => {
    const shell = await configuring('set service demo')
    assert.equal(await run(shell, 'commit confirm'), 'Use commit-confirm command\n')
    assert.match(await run(shell, 'commit now'), /^Invalid argument "now" for 'commit'\n$/)
    assert.match(await run(shell, 'commit-confirm 0'), /^Invalid argument "0" for 'commit-confirm'; minutes are 1 to/)
    assert.equal(shell.store.active().has(['service']), false)
  })

  it('merge a file, or one path of it', async () => {
    write('more.boot', 'service {\n demo {\n mode two\n }\n}\nsystem {\n unowned c\n unowned a\n}\n')
    const shell = await configuring('set system unowned a', 'set system unowned b', 'commit')
    assert.equal(
      await run(shell, 'merge more.boot service demo'),
      "Merge complete. Use 'commit' to make changes effective.\n",
    )
    assert.equal(
      await run(shell, 'compare'),
      '[]\n+ service {\n+     demo {\n+         mode "two"\n+     }\n+ }\n\n'.slice(3),
    )
    await run(shell, 'discard')
    await run(shell, 'merge more.boot')
    assert.deepEqual(shell.session!.working.get(['system', 'unowned'])?.values, ['a', 'b', 'c'])
    await run(shell, 'discard')
    assert.match(
      await run(shell, 'merge more.boot no such'),
      /^path no such does not exist in either .* will use root\.\n/,
    )
  })

  it('load and save nothing but files, and stay in the session', async () => {
    const folder = join(fixture.folder, 'config')
    mkdirSync(join(folder, 'sub'))
    execFileSync('mkfifo', [join(folder, 'pipe')])
    const shell = await configuring('set service demo mode one', 'commit')
    for (const name of ['sub', 'pipe', '/config'])
      assert.match(await run(shell, `load ${name}`), /The file is not a regular file\. \(config\.value\)\n$/)
    assert.match(await run(shell, 'save sub'), /The file cannot be written \(EISDIR\)/)
    assert.match(await run(shell, 'save pipe/x'), /The file cannot be written \(E[A-Z]+\)/)
    assert.deepEqual(readdirSync(folder).toSorted(), ['pipe', 'sub'])
    assert.notEqual(shell.session, undefined)
  })

  it('load and save files by name, also with a path', async () => {
    const shell = await configuring('set service demo mode two', 'commit', 'save other.boot')
    assert.match(readFileSync(join(fixture.folder, 'config/other.boot'), 'utf8'), /mode "two"/)
    await run(shell, 'set service demo mode one', 'commit')
    assert.equal(
      await run(shell, 'load /config/other.boot'),
      "Loading configuration from '/config/other.boot'\nLoad complete. Use 'commit' to make changes effective.\n",
    )
    assert.equal(await run(shell, 'compare'), '[service demo]\n- mode "one"\n+ mode "two"\n\n')
    assert.equal(
      await run(shell, 'save', 'save a b'),
      'Warning: you have uncommitted changes that will not be saved.\n\nUsage: save [file]\n',
    )
  })

  it('load what show configuration commands and json printed', async () => {
    const shell = await configuring('set service demo instance a size 1', 'set system unowned x', 'commit')
    for (const [name, form] of [
      ['a.set', 'commands'],
      ['a.json', 'json'],
      ['b.json', 'json pretty'],
    ] as const) {
      write(name, await run(shell, `run show configuration ${form}`))
      await run(shell, 'delete system', 'commit')
      assert.match(await run(shell, `load ${name}`), /Load complete/, name)
      assert.equal(await run(shell, 'compare'), '+ system {\n+     unowned "x"\n+ }\n\n')
      await run(shell, 'commit')
    }
    write('wrong.set', '# remark\nset service demo\nset firewall x\n')
    assert.match(await run(shell, 'load wrong.set'), /wrong\.set:3:1: "\[firewall\]" is not a configuration path/)
  })

  it('show and save an empty node with braces, and a leaf without a value without', async () => {
    const shell = await configuring('set service demo early on', 'set service demo instance a', 'commit', 'save')
    await run(shell, 'set service demo', 'delete service demo instance')
    assert.equal(await run(shell, 'show service demo'), ' early {\n     on\n }\n-instance a {\n-}\n')
    await run(shell, 'delete service demo', 'set service demo', 'commit', 'save')
    assert.match(
      readFileSync(join(fixture.folder, 'config/config.boot'), 'utf8'),
      /^service \{\n {4}demo \{\n {4}\}\n\}\n/,
    )
    assert.equal(await run(shell, 'show'), ' service {\n     demo {\n     }\n }\n')
  })

  it('compare at a level, as commands and with the saved configuration', async () => {
    const shell = await configuring('set service demo mode two', 'commit', 'save', 'set service demo mode one')
    assert.equal(
      await run(shell, 'compare commands'),
      "delete service demo mode 'two'\nset service demo mode 'one'\n\n",
    )
    assert.equal(await run(shell, 'edit service demo', 'compare'), '[demo]\n- mode "two"\n+ mode "one"\n\n')
    assert.equal(
      await run(shell, 'top', 'commit', 'compare'),
      'No changes between working and active configurations.\n\n',
    )
    assert.equal(await run(shell, 'compare saved'), '[service demo]\n- mode "two"\n+ mode "one"\n\n')
    assert.equal(await run(shell, 'compare 77'), 'Invalid revision number 77\n')
  })

  it('show the running configuration in four forms', async () => {
    const shell = await configuring('set service demo mode two', 'set system unowned é', 'commit', 'exit')
    assert.equal(
      await run(shell, 'show configuration'),
      'service {\n    demo {\n        mode two\n    }\n}\nsystem {\n    unowned é\n}\n',
    )
    assert.equal(await run(shell, 'show conf com'), "set service demo mode 'two'\nset system unowned 'é'\n")
    assert.equal(
      await run(shell, 'show configuration json'),
      '{"service": {"demo": {"mode": "two"}}, "system": {"unowned": ["\\u00e9"]}}\n',
    )
    assert.match(
      await run(shell, 'show configuration json pretty'),
      /^\{\n {4}"service": \{\n {8}"demo": \{\n {12}"mode"/,
    )
  })

  it('pass their output through the pipes of VyOS', async () => {
    const shell = await configuring('set service demo mode two', 'set system unowned a', 'commit')
    assert.equal(await run(shell, 'show | match mode'), '         mode two\n')
    assert.equal(await run(shell, 'show | match MODE'), '')
    assert.equal(await run(shell, 'show | no-match mode | count'), '7\n')
    assert.equal(await run(shell, 'show | commands'), "set service demo mode 'two'\nset system unowned 'a'\n")
    assert.equal(
      await run(shell, 'show service | json | no-more'),
      '{\n    "demo": {\n        "mode": "two"\n    }\n}\n',
    )
    assert.match(await run(shell, 'show | sh -c id'), /Invalid command: \| sh -c id/)
    assert.match(await run(shell, 'show | match ('), /Invalid command: \| match \(/)
    await run(shell, 'set system unowned b')
    assert.equal(
      await run(shell, 'show | commands'),
      'You have uncommited changes, please commit them before using the commands pipe\n',
    )
    await run(shell, 'exit discard')
    assert.equal(await run(shell, 'show configuration | json'), 'JSON pipe is not supported in operational mode\n')
  })
})
