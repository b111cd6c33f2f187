import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import {
  formatCommandDiff,
  formatCompare,
  parseConfig,
  printConfig,
  printJson,
  printSetCommands,
} from '../../../src/vyos/index.ts'

/** What the real libvyosconfig (vyos-1x of October 2024) made of the two configurations in it. */
const real = JSON.parse(readFileSync(new URL('../../data/vyos/config-forms.json', import.meta.url), 'utf8')) as Record<
  'before' | 'after' | 'string' | 'commands' | 'json' | 'compare' | 'compareBelow' | 'compareNew' | 'compareCommands',
  string
>
const before = parseConfig(real.before)
const after = parseConfig(real.after)

/** A value as JSON, members in one order, so that only content is compared. */
const content = (json: string): unknown => JSON.parse(json) as unknown

describe("the forms of VyOS's own library", () => {
  it('are ours: the file, the set commands, JSON', () => {
    assert.equal(printConfig(before), real.string)
    assert.equal(printSetCommands(before).join('\n'), real.commands)
    assert.deepEqual(content(printJson(before)), content(real.json))
  })

  it('are ours: comparisons, also below a level and as commands', () => {
    assert.equal(formatCompare(before, after), real.compare)
    assert.equal(formatCompare(before, after, ['service', 'clawgress']), real.compareBelow)
    assert.equal(formatCompare(before, after, ['interfaces']), real.compareNew)
    const { deletes, sets } = formatCommandDiff(before, after)
    assert.equal(`${deletes.join('\n')}\n${sets.join('\n')}\n`, real.compareCommands)
  })
})
