import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { layoutBelow, runtimePaths } from '../../../src/base/layout.ts'
import { holdRestore, isUnsettled, refuseWhileRestoring } from '../../../src/conf_mode/backup/restore-journal.ts'
import { importIntoNodes } from '../../../src/conf_mode/policy/import-nodes.ts'
import { type ConfigurationSession, UnsettledCommit } from '../../../src/conf_mode/session/configuration-session.ts'
import { vyosSession } from '../../../src/conf_mode/session/vyos-session.ts'
import { until } from '../../../src/standalone/lab/until.ts'
import { tempFolder } from '../daemon/temp-folder.ts'

const STUB = 'test/data/vyos-stub'
const UNLIKE = "delete 'interfaces'\nset 'pki' 'certificate' 'a' 'private' 'key' 'secret'\nset 'pki' 'certificate' 'b'"
const POLICY = { version: 1, description: 'it is $(reboot) \\ `x`', allow: { domains: ['b.example', '*.c.example'] } }

/** An import as a process of its own: arguments are the interpreter's, the environment is the stub's. */
const IMPORT = `
const { importIntoNodes } = await import('./src/conf_mode/policy/import-nodes.ts')
const { vyosSession } = await import('./src/conf_mode/session/vyos-session.ts')
const { layoutBelow } = await import('./src/base/layout.ts')
const options = { file: 'p.json', deletePolicyFile: false, save: true, tell: () => {} }
const candidate = Buffer.from(${JSON.stringify(JSON.stringify(POLICY))})
await importIntoNodes(layoutBelow(process.env.VYOS_STUB_CALLS + '.root'), candidate, vyosSession(['python3']), options)
`

describe("VyOS's configuration session", () => {
  const folder = tempFolder()
  const calls = () => join(folder(), 'calls')
  afterEach(() => rmSync(calls(), { force: true }))

  /** Whole lines only: the last one may be on its way. */
  const noted = (): string[][] =>
    existsSync(calls())
      ? readFileSync(calls(), 'utf8')
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line) as string[])
      : []
  const environmentOf = (clawgress: object | undefined, more: Record<string, string> = {}) => ({
    PYTHONPATH: STUB,
    PYTHONDONTWRITEBYTECODE: '1',
    VYOS_STUB_CONFIG: JSON.stringify({
      proposed: null,
      effective: clawgress === undefined ? null : { service: { clawgress } },
    }),
    VYOS_STUB_CALLS: calls(),
    ...more,
  })
  const sessionOn = (clawgress: object | undefined, more: Record<string, string> = {}, timeLimitMs?: number) => {
    const environment = Object.entries(environmentOf(clawgress, more)).map(([name, value]) => `${name}=${value}`)
    return vyosSession(['env', ...environment, 'python3'], timeLimitMs)
  }
  const told: string[] = []
  const importPolicy = (session: ConfigurationSession, policy: object, save = false) => {
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

  it('commits to its end, and saves, when its operator presses Ctrl-C or is cut off', async () => {
    const gate = join(folder(), 'gate')
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', IMPORT], {
      env: { ...process.env, ...environmentOf({ client: {} }, { VYOS_STUB_GATE: gate }) },
      stdio: ['ignore', 'ignore', 'inherit'],
      detached: true,
    })
    const ended = once(child, 'exit')
    await until('the commit begins', 20_000, () => noted().at(-1)?.[0] === 'commit')
    const python = Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8'))
    for (const signal of ['SIGINT', 'SIGHUP'] as const) {
      process.kill(-child.pid!, signal)
      process.kill(python, signal)
    }
    writeFileSync(gate, '')
    assert.deepEqual(await ended, [0, null])
    assert.deepEqual(noted().at(-1), ['save', '/config/config.boot'])
  })

  it('puts comments on nodes after it made them', async () => {
    const change = { remove: [[]], set: [['api']], remarks: [{ path: ['api'], text: 'it is so' }] }
    const { ok } = await sessionOn({ client: {} }).change({ ...change, comment: 'test', save: false })
    assert.equal(ok, true)
    const node = ['service', 'clawgress']
    assert.deepEqual(noted().slice(1, -1), [
      ['delete', ...node],
      ['set', ...node, 'api'],
      ['comment', ...node, 'api', 'it is so'],
    ])
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

  it('is not committed where it does not show what is in force, or would change more than the node', async () => {
    const blind = sessionOn({ client: {} }, { VYOS_STUB_UNLIKE: UNLIKE })
    const unlike = /differs from what is in force .*\(delete interfaces; set pki certificate\)\. Nothing was changed\./
    await assert.rejects(importPolicy(blind, POLICY), unlike)
    assert.deepEqual(noted(), [['open', 'clawgress'], ['discard']])
    for (const line of ["delete 'service'", "set 'service' 'clawgresses'", "delete 'service' 'ssh' 'clawgress'"]) {
      rmSync(calls())
      const wide = sessionOn({ client: {} }, { VYOS_STUB_FOREIGN: line })
      const code = /would change more than service clawgress .*\(system\.unreachable\)$/
      await assert.rejects(importPolicy(wide, POLICY), code)
      assert.deepEqual(noted().at(-1), ['discard'])
      assert.ok(!noted().some(([call]) => call === 'commit'))
    }
  })

  describe('whose commit breaks off', () => {
    const wanted = { client: {}, policy: { deny: {} } }
    const broken = (commit: 'broken' | 'killed', after: object) => {
      const tree = (clawgress: object) => ({ service: { clawgress } })
      const config = JSON.stringify({ proposed: tree(wanted), effective: tree({ client: {} }) })
      const left = JSON.stringify({ proposed: tree(wanted), effective: tree(after) })
      const stub = { VYOS_STUB_COMMIT: commit, VYOS_STUB_CONFIG: config, VYOS_STUB_AFTER: left }
      return sessionOn({ client: {} }, stub)
    }

    it('is judged by what is in force then: the old, the new, or something between', async () => {
      await assert.rejects(
        importPolicy(broken('broken', { client: {} }), POLICY),
        /refused the policy and is as it was/,
      )
      await importPolicy(broken('broken', wanted), POLICY, true)
      assert.match(told.join('\n'), /Broken pipe/)
      assert.deepEqual(noted().at(-1), ['save', '/config/config.boot'])
      const torn = /broke off: Broken pipe\. service clawgress is not as it was, .*\(config\.conflict\)$/
      await assert.rejects(importPolicy(broken('broken', { client: {}, policy: {} }), POLICY), torn)
    })

    it('is looked up, too, where its program is killed', async () => {
      const untouched = /ended with status none\. service clawgress is as it was\..*\(system\.unreachable\)$/
      await assert.rejects(importPolicy(broken('killed', { client: {} }), POLICY), untouched)
      const goesOn = JSON.stringify({ effective: { service: { clawgress: wanted } } })
      const session = sessionOn({ client: {} }, { VYOS_STUB_COMMIT: 'killed', VYOS_STUB_GOES_ON: goesOn })
      await assert.rejects(importPolicy(session, POLICY), /status none\. service clawgress is not as it was/)
    })

    for (const commit of ['refused', 'killed'])
      it(`is no refusal while a commit is under way, and keeps the mark of a restore as long (${commit})`, async () => {
        const layout = layoutBelow(folder())
        const underWay = join(folder(), 'under-way')
        writeFileSync(underWay, '')
        const hold = holdRestore(layout)
        hold.share()
        try {
          const session = sessionOn({ client: {} }, { VYOS_STUB_COMMIT: commit, VYOS_STUB_UNDER_WAY: underWay }, 300)
          const told = /commit broke off: .*A commit is under way still, .* not known yet: .*\(config\.conflict\)$/
          await assert.rejects(importPolicy(session, POLICY), (error: Error) => {
            assert.ok(error instanceof UnsettledCommit)
            assert.match(error.message, told)
            return true
          })
        } finally {
          hold.release()
        }
        assert.throws(() => refuseWhileRestoring(layout), /A backup is being restored/)
        rmSync(underWay)
        mkdirSync(layout.state, { recursive: true })
        writeFileSync(runtimePaths(layout).restoreJournal, '')
        await until('the mark is given back', 10_000, () => isUnsettled(layout))
      })

    it('waits for one that goes on longer, and tells what that left', async () => {
      const underWay = join(folder(), 'under-way')
      writeFileSync(underWay, '')
      const stub = { VYOS_STUB_COMMIT: 'refused', VYOS_STUB_UNDER_WAY: underWay }
      const imported = assert.rejects(
        importPolicy(sessionOn({ client: {} }, stub), POLICY),
        /refused the policy and is/,
      )
      await until('the commit broke off', 20_000, () => noted().at(-1)?.[0] === 'discard')
      rmSync(underWay)
      await imported
    })

    it('is refused at once, and not by what it left, where the commit of somebody else kept it from beginning', async () => {
      const underWay = join(folder(), 'under-way')
      writeFileSync(underWay, '')
      const session = sessionOn({ client: {} }, { VYOS_STUB_COMMIT: 'locked', VYOS_STUB_UNDER_WAY: underWay })
      await assert.rejects(importPolicy(session, POLICY), /refused the policy and is as it was/)
      assert.match(told.join('\n'), /another commit in progress/)
      rmSync(underWay)
    })
  })

  it('saves what is in force already only where it is not saved yet, and commits nothing for that', async () => {
    const held = { client: { interface: ['eth1'] }, policy: { allow: { domain: { 'b.example': {} } } } }
    const same = { version: 1, allow: { domains: ['b.example'] } }
    await importPolicy(sessionOn(held), same)
    assert.deepEqual(noted(), [])
    await importPolicy(sessionOn(held), same, true)
    assert.deepEqual(noted(), [
      ['open', 'clawgress'],
      ['save', '/config/config.boot'],
    ])
    rmSync(calls())
    const boot = join(layoutBelow(folder()).config, 'config.boot')
    mkdirSync(dirname(boot), { recursive: true })
    const policy = 'policy {\n allow {\n domain b.example {\n }\n }\n }\n'
    writeFileSync(boot, `service {\n clawgress {\n client {\n interface eth1\n }\n ${policy} }\n}\n`)
    await importPolicy(sessionOn(held), same, true)
    assert.deepEqual(noted(), [])
    rmSync(boot)
  })

  it('changes nothing where another commit came between what it was told and its own', async () => {
    const other = JSON.stringify({ effective: { service: { clawgress: { client: {}, policy: { deny: {} } } } } })
    const session = sessionOn({ client: {} }, { VYOS_STUB_MEANWHILE: other })
    await assert.rejects(importPolicy(session, POLICY), /changed by somebody else meanwhile.*\(policy\.outdated\)$/)
    assert.deepEqual(noted().at(-1), ['discard'])
    assert.deepEqual(
      noted().filter(([call]) => call === 'commit'),
      [],
    )
  })

  it('says that the policy is in force where only saving it failed', async () => {
    const session = sessionOn({ client: {} }, { VYOS_STUB_SAVE: 'refused' })
    await assert.rejects(importPolicy(session, POLICY, true), /The policy is in force, but .* could not be saved/)
    assert.deepEqual(noted().at(-1), ['save', '/config/config.boot'])
    assert.match(told.join('\n'), /No space left on device/)
  })

  it('is not opened for what is refused before: no gateway, a policy file in force, no policy, another generation', async () => {
    await assert.rejects(importPolicy(sessionOn(undefined), POLICY), /service clawgress is not configured/)
    await assert.rejects(importPolicy(sessionOn({ 'policy-file': '/config/p.json' }), POLICY), /--delete-policy-file/)
    await assert.rejects(importPolicy(sessionOn({ client: {} }), { version: 2 }), /version of the format/)
    const options = { file: 'p.json', deletePolicyFile: false, save: true, tell: () => {}, expected: '0'.repeat(16) }
    const candidate = Buffer.from(JSON.stringify(POLICY))
    await assert.rejects(
      importIntoNodes(layoutBelow(folder()), candidate, sessionOn({ client: {} }), options),
      /Generation none is live by now, not 0{16}/,
    )
    assert.deepEqual(noted(), [])
  })

  it('is a sentence where its interpreter or its modules are missing', async () => {
    const unusable = /VyOS's configuration session cannot be used: .* \(system\.unreachable\)$/
    await assert.rejects(importPolicy(vyosSession(['/nonexistent/python3']), POLICY), unusable)
    await assert.rejects(importPolicy(sessionOn({ client: {} }, { PYTHONPATH: '' }), POLICY), unusable)
  })
})
