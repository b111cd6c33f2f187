import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { clawgressService, printConfigurationPage } from '../../../build/configuration-page.ts'
import { loadDefinitions } from '../../../src/vyos/index.ts'

it('docs/configuration.md is what the interface definition says (else: node --import tsx build/generate-docs.ts)', () => {
  assert.equal(
    readFileSync('docs/configuration.md', 'utf8'),
    printConfigurationPage(clawgressService(loadDefinitions())),
  )
})
