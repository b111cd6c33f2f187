import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { layoutBelow } from '../../../src/base/layout.ts'
import { appendHistory, readHistory } from '../../../src/conf_mode/policy/history.ts'
import { historyFolder } from '../../../src/services/index.ts'
import { tempFolder } from '../daemon/temp-folder.ts'

describe('the history', () => {
  const root = tempFolder()
  const entry = (generation: string) => ({ generation, time: '2026-01-31T18:00:00.000Z', user: 'root', summary: '+1' })
  const [FIRST, SECOND] = ['a'.repeat(16), 'b'.repeat(16)] as const

  it('takes the activation again whose entry a power failure left empty, and drops what is none', () => {
    const layout = layoutBelow(join(root(), 'power'))
    const generation = join(root(), 'generation')
    mkdirSync(generation)
    writeFileSync(join(generation, 'policy.json'), '{"version":1}')
    appendHistory(layout, entry(FIRST), generation)
    for (const [folder, content] of [
      [`2-${SECOND}`, ''],
      [`3-${FIRST}`, '\0\0\0'],
      [`2-${SECOND}.new`, '{'],
    ] as const) {
      mkdirSync(join(historyFolder(layout), folder))
      writeFileSync(join(historyFolder(layout), folder, 'meta.json'), content)
    }
    const generations = () => readHistory(layout).map(({ number, generation: id }) => [number, id])
    assert.deepEqual(generations(), [[1, FIRST]])
    appendHistory(layout, entry(SECOND), generation)
    assert.deepEqual(generations(), [
      [1, FIRST],
      [2, SECOND],
    ])
    assert.deepEqual(readdirSync(historyFolder(layout)).sort(), [`1-${FIRST}`, `2-${SECOND}`])
    assert.deepEqual(readdirSync(join(historyFolder(layout), `2-${SECOND}`)).sort(), ['meta.json', 'policy.json'])
  })
})
