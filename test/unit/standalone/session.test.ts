import { strict as assert } from 'node:assert'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SessionFixture } from './session-fixture.ts'

describe('a configuration session', () => {
  const fixture = new SessionFixture()
  const { newShell, run, configuring, calls } = fixture

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
    writeFileSync(join(fixture.folder, 'config/config.boot'), 'service {\n demo\n}\n')
    const shell = await configuring('set service demo')
    assert.match(await run(shell, 'exit'), /^Cannot exit: configuration modified\.\nUse 'exit discard'/)
    assert.match(await run(shell, 'load'), /^Cannot load: configuration modified\.\n/)
    assert.match(await run(shell, 'merge x'), /^Cannot merge: configuration modified\.\n/)
    assert.match(await run(shell, 'discard'), /Changes have been discarded/)
    assert.match(await run(shell, 'discard'), /No changes have been discarded/)
    await run(shell, 'exit')
    assert.equal(shell.session, undefined)
  })

  it('keeps the commits of two sessions', async () => {
    const first = await configuring('set service demo mode two')
    const second = await configuring('set system unowned a')
    await run(second, 'commit')
    await run(first, 'commit')
    assert.equal(first.store.active().has(['system', 'unowned']), true)
    assert.deepEqual(first.store.active().get(['service', 'demo', 'mode'])?.values, ['two'])
  })
})
