import { strict as assert } from 'node:assert'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { ConfigTree, loadDefinitions, parseSetCommands, placementOf } from '../../../src/vyos/index.ts'
import { cpuTimeOf } from '../../support/cpu-time.ts'

const definitions = loadDefinitions(fileURLToPath(new URL('../../data/session/definitions', import.meta.url)))

/** The same commands, one tree after the other. */
function stepByStep(commands: readonly string[]): ConfigTree {
  return commands.reduce((tree, command) => {
    const [verb, ...words] = command.split(' ')
    const lookup = definitions.locate(verb === 'comment' ? words.slice(0, -1) : words)
    assert.ok(lookup.ok, command)
    const placement = placementOf(lookup.located)
    if (verb === 'set') return tree.place(placement)
    if (verb === 'comment') return tree.withComment(placement.path, words.at(-1)!)
    return placement.value === undefined
      ? tree.remove(placement.path)
      : tree.removeValue(placement.path, placement.value)
  }, ConfigTree.empty)
}

describe('a file of commands', () => {
  it('makes what its commands make one by one', () => {
    const path = fc.constantFrom(
      'service demo mode one',
      'service demo mode two',
      'service demo instance a',
      'service demo instance a size 1',
      'service demo instance b size 2',
      'service demo early on',
      'system unowned a',
      'system unowned b',
      'system unowned c',
    )
    const above = fc.constantFrom(
      'service',
      'service demo',
      'service demo instance',
      'service demo mode',
      'system unowned',
    )
    const command = fc.oneof(
      { weight: 3, arbitrary: path.map((words) => `set ${words}`) },
      fc.oneof(path, above).map((words) => `delete ${words}`),
      fc.constantFrom('comment service demo x', 'comment system unowned y', 'comment service demo instance a z'),
    )
    fc.assert(
      fc.property(fc.array(command, { maxLength: 25 }), (commands) => {
        const read = parseSetCommands(commands.join('\n'), definitions)
        const expected = stepByStep(commands)
        assert.deepEqual(read.root, expected.root)
      }),
      { numRuns: 500 },
    )
  })

  it('takes eight times as many commands in little more than eight times as long', () => {
    const cost = (lines: readonly string[]): number => {
      const text = lines.join('\n')
      return cpuTimeOf(() => assert.ok(parseSetCommands(text, definitions).has(['system'])))
    }
    const tags = (count: number) => Array.from({ length: count }, (_, i) => `set service demo instance i${i} size ${i}`)
    const values = (count: number) => Array.from({ length: count }, (_, i) => `set system unowned v${i}`)
    for (const lines of [tags, values]) {
      const [few, many] = [2000, 16_000].map((count) => cost([...lines(count), 'set system unowned x']))
      assert.ok(many! < 30 * few!, `${few} and ${many} µs`)
    }
  })
})
