import { strict as assert } from 'node:assert'
import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SHELL_ARGUMENTS, ShellRoot } from '../support/shell-terminal.ts'

describe('the shell without a terminal', () => {
  let root: ShellRoot
  beforeEach(() => {
    root = new ShellRoot()
  })
  afterEach(() => root.remove())

  const run = (args: readonly string[], input = '', plan: Record<string, object> = {}) =>
    spawnSync(process.execPath, [...SHELL_ARGUMENTS, ...args], {
      input,
      encoding: 'utf8',
      env: root.environment(plan),
      timeout: 30_000,
    })

  it('runs commands given as an argument', () => {
    const commands =
      'configure; set service clawgress policy-file /config/p.json; commit; save; exit; show configuration'
    const result = run(['-c', commands], '', { service_clawgress: { output: 'live\n' } })
    assert.equal(result.status, 0, result.stderr)
    assert.equal(
      result.stdout,
      `[ service clawgress ]
live

service {
    clawgress {
        policy-file /config/p.json
    }
}
`,
    )
    assert.match(root.read('config/config.boot'), /vyos-config-version: "clawgress@1"/)
  })

  it('runs commands from standard input, and those of operational mode see none of it', () => {
    const result = run(
      [],
      'show clawgress status\n\n# a remark\nconfigure\nrun show clawgress pins\nexit\nexit\nnosuch\n',
    )
    assert.equal(result.status, 0, result.stderr)
    assert.equal(result.stdout, 'stub ["op","show","status"]\nstub ["op","show","pins"]\n')
  })

  it('stops with 1 at the first command that fails, so that nothing half meant is committed', () => {
    const result = run([], 'configure\nset service clawgress disable\nset service clawgress dns max-ttl 1\ncommit\n')
    assert.equal(result.status, 1)
    assert.match(result.stdout, /Value validation failed/)
    assert.deepEqual(root.calls(), [])
    assert.equal(existsSync(join(root.folder, 'run/clawgress/config/active.boot')), false)
  })

  it('ends with 1 when a commit or an operational command fails', () => {
    const commands = 'configure; set service clawgress disable; commit'
    const failed = run(['-c', commands], '', { service_clawgress: { status: 1, error: 'no policy\n' } })
    assert.equal(failed.status, 1)
    assert.equal(failed.stdout, '[ service clawgress ]\nno policy\n\n[[service clawgress]] failed\nCommit failed\n')
    assert.equal(run(['-c', 'clawgress policy import fail']).status, 1)
    assert.equal(run(['-c', 'clawgress policy import x.json']).stdout, 'stub ["policy","import","x.json"]\n')
  })

  it('says that uncommitted changes are gone', () => {
    const result = run(['-c', 'configure; set service clawgress disable'])
    assert.equal(result.status, 0)
    assert.equal(result.stdout, 'Warning: uncommitted changes were discarded.\n')
  })

  it('commits the saved configuration at boot', () => {
    assert.equal(run(['--boot']).status, 0)
    assert.deepEqual(root.calls(), [])
    writeFileSync(join(root.folder, 'config/config.boot'), 'service {\n clawgress {\n disable\n }\n}\n')
    assert.equal(run(['--boot']).status, 0)
    assert.equal(root.calls().length, 1)
    assert.equal(run(['--boot'], '', { service_clawgress: { status: 1 } }).status, 1)
  })
})
