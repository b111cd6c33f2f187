import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { layoutBelow } from '../../../src/base/layout.ts'
import { importIntoNodes } from '../../../src/conf_mode/import-nodes.ts'
import { vyosSession } from '../../../src/conf_mode/vyos-session.ts'
import { tempFolder } from '../daemon/temp-folder.ts'

const STUB = 'test/data/vyos-stub'
const POLICY = { version: 1, description: 'it is $(reboot) \\ `x`', allow: { domains: ['b.example', '*.c.example'] } }

describe("VyOS's configuration session", () => {
  const folder = tempFolder()
  const calls = () => join(folder(), 'calls')
  afterEach(() => rmSync(calls(), { force: true }))

  const noted = (): string[][] =>
    existsSync(calls())
      ? readFileSync(calls(), 'utf8')
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as string[])
      : []
  const sessionOn = (clawgress: object | undefined, more: Record<string, string> = {}) => {
    const running = clawgress === undefined ? null : { service: { clawgress } }
    const environment = {
      PYTHONPATH: STUB,
      PYTHONDONTWRITEBYTECODE: '1',
      VYOS_STUB_CONFIG: JSON.stringify({ proposed: null, effective: running }),
      VYOS_STUB_CALLS: calls(),
      ...more,
    }
    return vyosSession(['env', ...Object.entries(environment).map(([name, value]) => `${name}=${value}`), 'python3'])
  }
  const told: string[] = []
  const importPolicy = (session: ReturnType<typeof sessionOn>, policy: object, save = false) => {
    told.length = 0
    const options = { file: 'p.json', deletePolicyFile: false, save, tell: (text: string) => void told.push(text) }
    return importIntoNodes(layoutBelow(folder()), Buffer.from(JSON.stringify(policy)), session, options)
  }

  it('is told the least change, commits it with a comment, and saves only when that is asked for', async () => {
    const running = {
      client: { interface: ['eth1'] },
      policy: { allow: { domain: { 'a.example': { port: ['22'] }, 'b.example': {} } } },
    }
    await importPolicy(sessionOn(running), POLICY)
    const node = ['service', 'clawgress', 'policy']
    const expected = [
      ['open', 'clawgress'],
      ['delete', ...node, 'allow', 'domain', 'a.example'],
      ['set', ...node, 'description', POLICY.description],
      ['set', ...node, 'allow', 'domain', '*.c.example'],
      ['commit', 'policy import p.json'],
    ]
    assert.deepEqual(noted(), expected)
    assert.match(told.join('\n'), /\[ service clawgress \]\nlive\nThe configuration is not saved/)
    rmSync(calls())
    await importPolicy(sessionOn(running), POLICY, true)
    assert.deepEqual(noted(), [...expected, ['save', '/config/config.boot']])
  })

  it('is left without a trace where a value or the commit is refused', async () => {
    const refused = { version: 1, allow: { domains: ['refused'] } }
    await assert.rejects(importPolicy(sessionOn({ client: {} }), refused), /The configuration refused the policy/)
    assert.deepEqual(noted().at(-1), ['discard'])
    assert.match(told.join('\n'), /Value validation failed/)
    const failing = sessionOn({ client: {} }, { VYOS_STUB_COMMIT: 'refused' })
    await assert.rejects(importPolicy(failing, POLICY), /The configuration refused the policy/)
    assert.deepEqual(noted().at(-1), ['discard'])
    assert.match(told.join('\n'), /Commit failed/)
  })

  it('says that the policy is in force where only saving it failed', async () => {
    const session = sessionOn({ client: {} }, { VYOS_STUB_SAVE: 'refused' })
    await assert.rejects(importPolicy(session, POLICY, true), /The policy is in force, but .* could not be saved/)
    assert.deepEqual(noted().at(-1), ['save', '/config/config.boot'])
    assert.match(told.join('\n'), /No space left on device/)
  })

  it('is not opened for what is refused before: no gateway, a policy file in force, a policy that is none', async () => {
    await assert.rejects(importPolicy(sessionOn(undefined), POLICY), /service clawgress is not configured/)
    await assert.rejects(importPolicy(sessionOn({ 'policy-file': '/config/p.json' }), POLICY), /--delete-policy-file/)
    await assert.rejects(importPolicy(sessionOn({ client: {} }), { version: 2 }), /version of the format/)
    assert.deepEqual(noted(), [])
  })

  it('is a sentence where its interpreter or its modules are missing', async () => {
    const unusable = /VyOS's configuration session cannot be used: .* \(system\.unreachable\)$/
    await assert.rejects(importPolicy(vyosSession(['/nonexistent/python3']), POLICY), unusable)
    await assert.rejects(importPolicy(sessionOn({ client: {} }, { PYTHONPATH: '' }), POLICY), unusable)
  })
})
