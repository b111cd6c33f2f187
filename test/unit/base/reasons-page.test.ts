import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { printReasonsPage } from '../../../build/reasons-page.ts'

it('docs/reasons.md is what the catalogues say (else: node --import tsx build/generate-docs.ts)', () => {
  assert.equal(readFileSync('docs/reasons.md', 'utf8'), printReasonsPage())
})
