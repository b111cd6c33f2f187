import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'mocha'
import { layoutBelow } from '../../../src/base/layout.ts'
import { CommandRefused, type ConfigSession } from '../../../src/standalone/session/config-session.ts'
import { Shell } from '../../../src/standalone/session/shell.ts'
import { loadDefinitions, parseConfig, printConfig, satisfies } from '../../../src/vyos/index.ts'
import { hostileValues } from '../../support/hostile-values.ts'
import { valueNodes } from '../../support/value-nodes.ts'

describe('every value that can be set', () => {
  const nodes = [...valueNodes(loadDefinitions().roots)]
  let folder: string
  let canary: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'clawgress-hostile-'))
    canary = join(folder, 'canary')
    mkdirSync(join(folder, 'config'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('is held by a constraint with a sentence of its own', () => {
    assert.ok(nodes.length > 30, `only ${nodes.length} nodes were found`)
    for (const { definition, path } of nodes) {
      const { constraint, constraintGroups, constraintErrorMessage } = definition
      assert.ok(constraint.length + constraintGroups.length > 0, `${path.join(' ')} accepts anything`)
      assert.match(constraintErrorMessage, /^[A-Z].{10,}[^.]$/, path.join(' '))
    }
  })

  it('names no thing, as a tag, that a shell, a path or a program could take for more', () => {
    for (const { definition, path } of nodes.filter(({ definition }) => definition.kind === 'tag'))
      for (const value of hostileValues(canary)) {
        // VyOS writes tags into command lines that root runs. Names of domains are left.
        if (/^(\*\.)?[a-z0-9_]+([.-][a-z0-9_]+)*$/.test(value) && value.length < 64) continue
        assert.equal(satisfies(definition, value), false, `${path.join(' ')} ${JSON.stringify(value.slice(0, 60))}`)
      }
  })

  it('is refused with a sentence, or is kept to the letter through save and load, and nothing is executed', async () => {
    const shell = new Shell({ layout: layoutBelow(folder), program: ['false'], opDefinitions: [], write: () => {} })
    let refused = 0
    let kept = 0
    for (const { path } of nodes)
      for (const value of hostileValues(canary)) {
        if (shell.session === undefined) await shell.execute('configure')
        const session: ConfigSession = shell.session!
        session.discard()
        try {
          session.set([...path, value])
        } catch (error) {
          assert.ok(error instanceof CommandRefused, String(error))
          assert.match(error.message, /^[A-Z][^\0]*\nSet failed$/)
          refused++
          continue
        }
        const loaded = parseConfig(printConfig(session.working))
        assert.ok(loaded.equals(session.working), `${path.join(' ')} ${JSON.stringify(value)}`)
        kept++
      }
    assert.ok(refused > 1000 && kept > 20, `${refused} refused, ${kept} kept`)
    assert.equal(existsSync(canary), false)
  })
})
