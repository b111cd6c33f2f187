import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'mocha'
import { assetsRoot } from '../../../src/base/assets.ts'
import { parsePolicy } from '../../../src/policy/index.ts'
import { SEED } from '../../e2e/support/lab.ts'

const folder = join(assetsRoot(), 'examples')

describe('the example policies', () => {
  for (const file of readdirSync(folder)) {
    it(`${file} is accepted without a warning`, () => {
      assert.deepEqual(parsePolicy(readFileSync(join(folder, file)), file).warnings, [])
    })
  }

  it('policy.json is the one that the tests use', () => {
    assert.deepEqual(JSON.parse(readFileSync(join(folder, 'policy.json'), 'utf8')), SEED)
  })
})
