import assert from 'node:assert/strict'
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import { fail } from '../../../src/base/errors.ts'
import { layoutBelow, runtimePaths } from '../../../src/base/layout.ts'
import { importIntoNodes } from '../../../src/conf_mode/policy/import-nodes.ts'
import type { ConfigurationSession } from '../../../src/conf_mode/session/configuration-session.ts'
import { withLock } from '../../../src/services/index.ts'
import { tempFolder } from '../daemon/temp-folder.ts'

const POLICY = Buffer.from(JSON.stringify({ version: 1, allow: { domains: ['b.example'] } }))
const OPTIONS = { file: 'p.json', deletePolicyFile: false, save: false, tell: () => {}, lockWaitMs: 50 }

describe('an import into the configuration whose commit fails', () => {
  const folder = tempFolder()
  const importBy = (session: ConfigurationSession) => importIntoNodes(layoutBelow(folder()), POLICY, session, OPTIONS)

  it('is told with the generation that our handler made live all the same', async () => {
    const layout = layoutBelow(folder())
    const { current } = runtimePaths(layout)
    const session: ConfigurationSession = {
      running: async () => ({ client: {} }),
      async change() {
        mkdirSync(dirname(current), { recursive: true })
        symlinkSync('generations/aaaa', current)
        return fail('system.unreachable', 'It broke off.')
      },
    }
    const both = /It broke off\. \(system\.unreachable\)\nGeneration aaaa is live now, not none as before: /
    await assert.rejects(importBy(session), both)
    rmSync(current)
  })

  it('is told with its own error, too, while another change keeps what is enforced unsettled', async () => {
    const layout = layoutBelow(folder())
    const changed = (change: ConfigurationSession['change']) => importBy({ running: async () => ({}), change })
    const unsettled = 'Another change to the enforcement is under way: a test .*not settled yet; look at'
    await withLock(
      layout,
      1000,
      async () => {
        await assert.rejects(
          changed(async () => fail('system.unreachable', 'It broke off.')),
          new RegExp(`^[^\\n]*It broke off\\. \\(system\\.unreachable\\)\\n${unsettled}`),
        )
        await assert.rejects(
          changed(async () => ({ ok: false, said: '' })),
          new RegExp(`The configuration refused the policy and is as it was\\. ${unsettled}.*\\(config\\.conflict\\)$`),
        )
      },
      'a test',
    )
  })
})
