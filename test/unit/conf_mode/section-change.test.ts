import assert from 'node:assert/strict'
import { sectionChange } from '../../../src/conf_mode/backup/section-change.ts'
import { parseConfig } from '../../../src/vyos/index.ts'

const CONFIG = (interfaces: string) => parseConfig(`service {\n clawgress {\n client {\n ${interfaces}\n }\n }\n}\n`)
const BACKED_UP = CONFIG('interface eth2')

describe('the change that puts a backed up section in place', () => {
  it('is bound to what was in force when it was checked, defaults aside', () => {
    const { remove, set, expected } = sectionChange(CONFIG('interface eth1'), BACKED_UP, 'restore')
    assert.deepEqual(remove, [[]])
    assert.deepEqual(set, [['client', 'interface', 'eth2']])
    assert.deepEqual(expected, { client: { interface: ['eth1'] } })
  })

  it('removes nothing, and is bound to nothing, on a fresh machine', () => {
    const { remove, expected } = sectionChange(parseConfig('system {\n host-name x\n}\n'), BACKED_UP, 'restore')
    assert.deepEqual([remove, expected], [[], undefined])
  })
})
