import { strict as assert } from 'node:assert'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { vyosTree } from '../../../build/vyos-tree.ts'
import { ClawgressError } from '../../../src/base/errors.ts'
import { refuseLeftOut } from '../../../src/conf_mode/session/saved-configuration.ts'
import { type ConfigDict, loadDefinitions } from '../../../src/vyos/index.ts'

const RUNNER = fileURLToPath(new URL('../../data/vyos-stub/migrate.py', import.meta.url))
const CLIENT = { interface: ['eth1'] }
const KNOWN = {
  client: CLIENT,
  disable: [],
  dns: { 'max-ttl': ['60'], 'name-server': { '9.9.9.9': { port: ['53'] } } },
  'policy-file': ['/config/policy.json'],
}

describe('the migration that VyOS runs on a configuration of another version', () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'clawgress-migration-'))
    for (const [path, text] of vyosTree()) {
      mkdirSync(join(folder, dirname(path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  const script = () => join(folder, `migrate/1000-to-${loadDefinitions().versions.get('clawgress')}`)
  function migrate(clawgress: object | undefined, templates = 'templates-cfg/service/clawgress'): ConfigDict {
    const tree = { service: { ssh: {}, ...(clawgress === undefined ? {} : { clawgress }) } }
    const { status, stdout, stderr } = spawnSync('python3', [RUNNER, script(), join(folder, templates)], {
      input: JSON.stringify(tree),
      encoding: 'utf8',
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    })
    assert.equal(status, 0, stderr)
    return JSON.parse(stdout).service.clawgress as ConfigDict
  }

  it('changes nothing that this version knows, nor where there is nothing of ours', () => {
    assert.deepEqual(migrate(KNOWN), KNOWN)
    assert.equal(migrate(undefined), undefined)
    assert.deepEqual(migrate({ client: CLIENT, future: {} }, 'nosuch'), { client: CLIENT, future: {} })
  })

  it('notes what VyOS is about to leave out, however deep, with nothing in it that a value cannot hold', () => {
    const dns = { ...KNOWN.dns, 'name-server': { '9.9.9.9': { port: ['53'], "quo'te x": ['y'] } } }
    const before = { ...KNOWN, dns, restriction: { night: { start: ['22:00'] } }, '../ssh': [], '-x': [] }
    const after = migrate(before)
    assert.deepEqual((after['left-out'] as string[]).toSorted(), [
      '_./ssh',
      '_x',
      'dns/name-server/9.9.9.9/quo_te_x',
      'restriction',
    ])
    assert.deepEqual({ ...after, 'left-out': 0 }, { ...before, 'left-out': 0 })
    assert.deepEqual(migrate(after), after, 'a second time changes nothing')
  })

  it('leaves notes that no commit goes past', () => {
    refuseLeftOut({ client: CLIENT })
    assert.throws(
      () => refuseLeftOut({ client: CLIENT, 'left-out': ['restriction', 'dns/x'] }),
      (error) => {
        assert.ok(error instanceof ClawgressError)
        assert.equal(error.problems[0]!.code, 'config.version')
        assert.match(
          error.message,
          /^service clawgress left-out: .* nodes were left out: restriction, dns\/x\. Install/,
        )
        return true
      },
    )
  })

  it('needs nothing but the standard library of Python', () => {
    const imports = [...readFileSync(script(), 'utf8').matchAll(/^(?:import|from) (\S+)/gm)].map(([, name]) => name)
    assert.deepEqual(imports, ['os', 're'])
  })
})
