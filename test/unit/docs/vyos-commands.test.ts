import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { matchOp } from '../../../src/standalone/session/op-commands.ts'
import { setFault } from '../../../src/standalone/session/value-rules.ts'
import { loadDefinitions, loadOpDefinitions } from '../../../src/vyos/index.ts'
import { shownCommands } from '../../e2e/support/documents.ts'

const definitions = loadDefinitions()
const opDefinitions = loadOpDefinitions()

/** Why a `set` or `delete` of ours is not one that can be entered as it stands, without shortened words. */
function configurationFault(path: readonly string[]): string | undefined {
  const found = definitions.locate(path)
  if (!found.ok) return `no such node: ${path[found.at]}`
  if (found.located.words.join(' ') !== path.join(' ')) return 'has shortened words'
  return setFault(found.located, (words) => {
    const owner = definitions.locate(words)
    return owner.ok ? owner.located.definition! : assert.fail()
  })
}

function commandFault(words: readonly string[]): string | undefined {
  const found = matchOp(opDefinitions, words)
  if (!found.ok) return found.message
  return found.words.join(' ') === words.join(' ') ? undefined : 'has shortened words'
}

describe('commands of docs/vyos.md', () => {
  const shown = shownCommands(readFileSync('docs/vyos.md', 'utf8'), 'vyos').map((each) => ({
    ...each,
    words: each.command
      .replace(/^run /, '')
      .replace(/ \|.*$/, '')
      .split(' '),
  }))
  const isSetting = ({ words }: { words: readonly string[] }) =>
    /^(?:set|delete)$/.test(words[0]!) && words[1] === 'service' && words[2] === 'clawgress'
  const isOperational = ({ words }: { words: readonly string[] }) => words[1] === 'clawgress'
  const theirs = shown.filter((each) => !isSetting(each) && !isOperational(each))

  it('are what the definitions know, where they are of service clawgress', () => {
    const settings = shown.filter(isSetting)
    assert.ok(settings.length >= 8)
    for (const { words, line } of settings) {
      // Whole nodes may be deleted; what is set must be complete.
      const path = words.slice(1)
      const fault = words[0] === 'delete' ? !definitions.locate(path).ok : configurationFault(path)
      assert.ok(fault === undefined || fault === false, `line ${line}: ${words.join(' ')}: ${String(fault)}`)
    }
  })

  it('are what the definitions know, where they are operational commands of ours', () => {
    const commands = shown.filter(isOperational)
    assert.ok(commands.length >= 5)
    for (const { words, line } of commands)
      assert.equal(commandFault(words), undefined, `line ${line}: ${words.join(' ')}`)
  })

  it('are what VyOS has accepted, no more and no less, where they are of VyOS', () => {
    const accepted = readFileSync('test/data/vyos-router/commands.txt', 'utf8').trim().split('\n')
    const refused = theirs.filter(({ output }) => output.some((line) => line.trim() === 'Set failed'))
    const typed = theirs.filter((each) => !refused.includes(each)).map(({ command }) => command)
    assert.deepEqual([...new Set(typed)].sort(), [...accepted].sort())
    assert.deepEqual(
      refused.map(({ command }) => command),
      ['set service config-sync section service clawgress'],
    )
  })

  it('among them the rules that the firewall test loads', () => {
    const rules = readFileSync('test/data/vyos-router/closed-without-package.nft', 'utf8')
    const loaded = [...rules.matchAll(/comment "(ipv[46])-FWD-filter-(\d+)"/g)].map(
      ([, family, rule]) => `${family} ${rule}`,
    )
    const typed = theirs.flatMap(
      ({ command }) =>
        /^set firewall (ipv[46]) forward filter rule (\d+) action/.exec(command)?.slice(1).join(' ') ?? [],
    )
    assert.deepEqual(typed, loaded)
  })
})
