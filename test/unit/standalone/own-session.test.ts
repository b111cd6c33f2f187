import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { layoutBelow } from '../../../src/base/layout.ts'
import { ownSession } from '../../../src/standalone/session/own-session.ts'
import { tempFolder } from '../daemon/temp-folder.ts'

const configuration = (domain: string) =>
  `service {\n clawgress {\n  client {\n   interface eth1\n  }\n  policy {\n   allow {\n    domain ${domain} {\n    }\n   }\n  }\n }\n}\n`

describe('our own configuration session, for a program', () => {
  const folder = tempFolder()

  it('changes nothing where another commit came between what it told and the change', async () => {
    const layout = layoutBelow(folder())
    const active = join(layout.run, 'config/active.boot')
    mkdirSync(join(active, '..'), { recursive: true })
    writeFileSync(active, configuration('a.example'))
    const session = ownSession(layout)
    const expected = await session.running()
    assert.ok(expected)
    writeFileSync(active, configuration('b.example'))
    const change = {
      remove: [['policy', 'allow', 'domain', 'b.example']],
      set: [['policy', 'allow', 'domain', 'c.example']],
      comment: 'test',
      save: true,
    }
    assert.deepEqual(await session.change({ ...change, expected }), { ok: false, said: '', outdated: true })
    assert.equal(readFileSync(active, 'utf8'), configuration('b.example'))
  })
})
