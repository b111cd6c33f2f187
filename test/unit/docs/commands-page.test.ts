import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { printCommandsPage } from '../../../build/commands-page.ts'
import { loadOpDefinitions } from '../../../src/vyos/index.ts'

it('docs/commands.md is what the definitions of commands say (else: node --import tsx build/generate-docs.ts)', () => {
  assert.equal(readFileSync('docs/commands.md', 'utf8'), printCommandsPage(loadOpDefinitions()))
})
