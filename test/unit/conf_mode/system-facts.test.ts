import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { flowtableDevices, readSystemFacts } from '../../../src/conf_mode/system/system-facts.ts'
import { tempFolder } from '../daemon/temp-folder.ts'

const LISTING = `table inet vyos_filter {
	flowtable VYOS_FLOWTABLE_FT01 {
		hook ingress priority filter
		devices = { eth1, eth2 }
		counter
	}
}
table ip other {
	flowtable f {
		hook ingress priority filter + 1
		devices = { "eth2.10", eth2 }
	}
}
`

describe('the devices of flowtables', () => {
  it('are read from what nft lists, each once', () => {
    assert.deepEqual(flowtableDevices(LISTING), ['eth1', 'eth2', 'eth2.10'])
  })

  it('are none where nft lists no flowtable', () => {
    assert.deepEqual(flowtableDevices(''), [])
  })
})

describe('the state of the network', () => {
  const folder = tempFolder()
  const { PATH } = process.env
  afterEach(() => {
    process.env.PATH = PATH
  })

  for (const [what, script, cause] of [
    ['fails', 'echo "No such device." >&2; exit 1', 'No such device'],
    ['fails without a word', 'exit 3', 'it ended with status 3'],
    ['does not come to its end', 'kill -9 $$', 'it was stopped before it came to its end, for which it has 10 s'],
    ['cannot be started', undefined, 'it cannot be started \\(ENOENT\\)'],
  ] as const)
    it(`is a sentence with its cause and what to do where the program that tells it ${what}`, async () => {
      process.env.PATH = join(folder(), what)
      if (script !== undefined) {
        process.env.PATH = folder()
        writeFileSync(join(folder(), 'ip'), `#!/bin/sh\n${script}\n`)
        chmodSync(join(folder(), 'ip'), 0o755)
      }
      const told = `"ip [^"]*" does not tell the state of the network: ${cause}\\. Run it as root .*, and try again\\. \\(system`
      await assert.rejects(readSystemFacts(), new RegExp(told))
    })
})
