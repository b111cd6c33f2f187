import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { parsePolicy } from '../../../src/policy/index.ts'
import { blocksOf } from '../../e2e/support/documents.ts'

describe('policies in the documentation', () => {
  const pages = ['README.md', ...readdirSync('docs').map((name) => `docs/${name}`)].filter((name) =>
    name.endsWith('.md'),
  )
  const blocks = pages.flatMap((page) =>
    blocksOf(readFileSync(page, 'utf8'), 'json').map((text, index) => ({
      text,
      title: `${page}, example ${index + 1}`,
    })),
  )

  it('are found', () => assert.ok(blocks.length >= 5))

  for (const { text, title } of blocks) {
    it(`are accepted without a warning: ${title}`, () => {
      assert.deepEqual(parsePolicy(Buffer.from(text), title).warnings, [])
    })
  }
})
