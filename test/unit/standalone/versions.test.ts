import { strict as assert } from 'node:assert'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadDefinitions } from '../../../src/vyos/index.ts'
import { SessionFixture } from './session-fixture.ts'

const file = (versions: string) => `service {
    demo {
        mode "two"
    }
}

// Warning: Do not remove the following line.
// vyos-config-version: "${versions}"
// Release version: 1.5
`

describe('the version of a configuration file', () => {
  const fixture = new SessionFixture()
  const { run, configuring, called, calls, newShell } = fixture
  const boot = () => join(fixture.folder, 'config/config.boot')

  it('is refused by load and merge where it is newer, and nothing changes', async () => {
    writeFileSync(boot(), file('bgp@9:demo@4'))
    const shell = await configuring('set system unowned a', 'commit')
    for (const line of ['load', 'merge config.boot']) {
      const output = await run(shell, line)
      assert.match(output, /config\.boot: The file was written by a newer version \(demo@4; this one knows demo@3\)/)
      assert.match(output, /Nothing of it was loaded\..*\(config\.version\)\n$/)
      assert.equal(shell.session!.isChanged, false)
    }
    assert.deepEqual(called(), [])
    assert.equal(shell.store.active().has(['system', 'unowned']), true)
  })

  it('is judged by the owner at boot, which is told of the clients alone where nodes are unknown', async () => {
    writeFileSync(boot(), file('demo@4'))
    fixture.plan({ service_demo: { status: 1, output: 'newer\n' } })
    assert.equal(await newShell().boot(), false)
    assert.deepEqual(calls()[0]!.input.proposed, { mode: 'two' })
    const unknown = 'mode "two"\n        restriction "x"\n        client {\n            interface "eth1"\n        }'
    writeFileSync(boot(), file('demo@4').replace('mode "two"', unknown))
    fixture.plan({ service_demo: { output: 'closed\n' } })
    assert.equal(await newShell().boot(), false)
    assert.deepEqual(calls()[0]!.input.proposed, { client: { interface: 'eth1' } })
    assert.match(fixture.text, /service demo restriction: This node does not exist in this version\./)
    assert.match(fixture.text, /closed\n\n\[\[service demo\]\] failed\nCommit failed\n$/)
    assert.equal(newShell().store.active().has(['service', 'demo']), false)
  })

  for (const [name, text] of [
    ['the same', file('bgp@9:demo@3')],
    ['older', file('bgp@9:demo@1')],
    ['not named in the footer', file('bgp@9')],
    ['unknown for want of a footer', file('').split('\n//')[0]!],
  ] as const) {
    it(`is loaded where it is ${name}, and saved as the present one`, async () => {
      writeFileSync(boot(), text)
      const shell = await configuring('load', 'commit', 'save')
      assert.deepEqual(shell.store.active().get(['service', 'demo', 'mode'])?.values, ['two'])
      assert.match(readFileSync(boot(), 'utf8'), /[":]demo@3[":]/)
    })
  }

  it('is refused where the footer cannot be read', async () => {
    writeFileSync(boot(), file('bgp @ 9'))
    assert.match(await run(await configuring(), 'load'), /The version footer of the file names no versions/)
  })

  it('does not keep an operator from leaving', async () => {
    writeFileSync(boot(), file('demo@4'))
    const shell = await configuring('set service demo', 'commit')
    assert.equal(await run(shell, 'exit'), 'Warning: configuration changes have not been saved.\n')
  })

  it('is 1 for Clawgress: a second one needs a migration, and a session that applies it', () => {
    assert.equal(loadDefinitions().versions.get('clawgress'), 1)
  })
})
