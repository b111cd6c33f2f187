import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { layoutBelow, runtimePaths } from '../../../src/base/layout.ts'
import { revertUnconfirmed } from '../../../src/conf_mode/policy/import-policy.ts'
import { tempFolder } from '../daemon/temp-folder.ts'

describe('an import that nobody confirmed in time', () => {
  const root = tempFolder()

  it('is forgotten where another policy file, or none, is in force by then', async () => {
    const layout = layoutBelow(root())
    const { current, confirmation } = runtimePaths(layout)
    for (const folder of [layout.config, layout.state, current]) mkdirSync(folder, { recursive: true })
    const other = join(layout.config, 'other.json')
    writeFileSync(other, 'by hand')
    for (const proposed of [{ 'policy-file': '/config/other.json' }, { policy: {} }]) {
      const pending = { previousGeneration: 'a'.repeat(16), policyFile: '/config/policy.json' }
      writeFileSync(confirmation, JSON.stringify({ ...pending, deadline: new Date().toISOString() }))
      const input = { proposed, effective: null, pki: null, dry_run: false }
      writeFileSync(join(current, 'input.json'), JSON.stringify(input))
      await revertUnconfirmed(layout, { tell: (text) => assert.fail(text) })
      assert.equal(existsSync(confirmation), false)
      assert.equal(readFileSync(other, 'utf8'), 'by hand')
    }
  })
})
