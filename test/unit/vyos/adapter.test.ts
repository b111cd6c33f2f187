import { strict as assert } from 'node:assert'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const module = at('../../../src/conf_mode')
const stub = at('../../data/vyos-stub')

const EXISTING = { service: { clawgress: { 'policy-file': '/config/policy.json' } } }
const PKI = { certificate: { web: { certificate: 'MII' } } }

describe('the adapter that VyOS calls', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'clawgress-adapter-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  /** Runs the adapter as vyos-configd does (`steps`), or as a plain executable (no steps). */
  function adapter(what: { steps?: string; stub?: string; proposed?: object; effective?: object; limit?: number }) {
    const program = `[${JSON.stringify(join(stub, 'program.py'))}, 'conf-mode', 'service_clawgress']`
    const setUp = `import sys; sys.path.insert(0, ${JSON.stringify(module)}); import service_clawgress as owner
owner.PROGRAM = ['python3'] + ${program}; owner.TIME_LIMIT = ${what.limit ?? 20}
`
    const main = `import runpy, sys
source = open(${JSON.stringify(join(module, 'service_clawgress.py'))}).read()
source = source.replace("['/usr/bin/clawgress', 'conf-mode', 'service_clawgress']", "['python3'] + ${program.replaceAll('"', "'")}")
exec(compile(source, 'service_clawgress.py', 'exec'), {'__name__': '__main__'})`
    const inDaemon = `${setUp}
try:
    c = owner.get_config()
    ${what.steps}
except owner.ConfigError as error:
    print('CONFIG ERROR:' + str(error)); sys.exit(1)`
    const started = Date.now()
    const result = spawnSync('python3', ['-c', what.steps === undefined ? main : inDaemon], {
      encoding: 'utf8',
      timeout: 15_000,
      env: {
        ...process.env,
        PYTHONPATH: stub,
        PYTHONDONTWRITEBYTECODE: '1',
        STUB_DO: what.stub ?? '',
        STUB_CALLS: join(folder, 'calls'),
        VYOS_STUB_CONFIG: JSON.stringify({ proposed: what.proposed ?? EXISTING, effective: what.effective ?? {} }),
      },
    })
    const file = join(folder, 'calls')
    const calls = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
    return {
      status: result.status,
      output: result.stdout,
      errors: result.stderr,
      milliseconds: Date.now() - started,
      calls: calls.map((line) => JSON.parse(line) as { args: string[]; given: Record<string, unknown> }),
    }
  }

  it('hands over proposed and effective configuration with defaults, and pki without', () => {
    const run = adapter({ steps: 'owner.apply(c)', proposed: { ...EXISTING, pki: PKI }, effective: EXISTING })
    assert.equal(run.status, 0, run.errors)
    assert.equal(run.output, 'generation 12 is live\n')
    const withDefaults = { 'policy-file': '/config/policy.json', dns: { 'max-ttl': '3600' } }
    assert.deepEqual(run.calls, [
      {
        args: ['conf-mode', 'service_clawgress'],
        given: { proposed: withDefaults, effective: withDefaults, pki: PKI, dry_run: false },
      },
    ])
  })

  it('hands over null where the node is deleted or new', () => {
    const deleted = adapter({ steps: 'owner.apply(c)', proposed: {}, effective: EXISTING })
    assert.equal(deleted.calls[0]!.given.proposed, null)
    assert.notEqual(deleted.calls[0]!.given.effective, null)
    const created = adapter({ steps: 'owner.apply(c)' })
    assert.equal(created.calls[1]!.given.effective, null)
    assert.equal(created.calls[1]!.given.pki, null)
  })

  it('only tries when a dry-run commit calls nothing but verify', () => {
    const run = adapter({ steps: 'owner.verify(c)' })
    assert.deepEqual(
      run.calls.map((call) => call.given.dry_run),
      [true],
    )
  })

  it('runs every step as a plain executable', () => {
    const run = adapter({})
    assert.equal(run.status, 0, run.errors)
    assert.deepEqual(
      run.calls.map((call) => call.given.dry_run),
      [true, false],
    )
  })

  it('passes a refusal on line by line, without a stack trace', () => {
    const wanted =
      'service clawgress: first problem (config.value)\nservice clawgress: second problem (config.missing)\n'
    const executable = adapter({ stub: 'refuse' })
    assert.equal(executable.status, 1)
    assert.deepEqual(executable.output.split('\n').sort(), wanted.split('\n').sort())
    assert.equal(executable.errors, '')
    assert.equal(executable.calls.length, 1, 'nothing is applied after verify refused')
    const daemon = adapter({ stub: 'refuse', steps: 'owner.verify(c)' })
    assert.equal(daemon.status, 1)
    assert.match(daemon.output, /^CONFIG ERROR:service clawgress: .*problem.*\nservice clawgress: .*problem/)
    assert.equal(daemon.errors, '')
  })

  it('bounds the message to what the daemons of VyOS carry', () => {
    const run = adapter({ stub: 'long', steps: 'owner.apply(c)' })
    assert.equal(run.status, 1)
    assert.ok(run.output.length < 65_535)
  })

  it('stops a program that does not finish, with all its children', () => {
    const run = adapter({ stub: 'hang', steps: 'owner.apply(c)', limit: 1 })
    assert.equal(run.status, 1)
    assert.match(run.output, /clawgress did not finish within 1 s and was stopped\./)
    assert.ok(run.milliseconds < 10_000)
    const child = /waiting (\d+)/.exec(run.output)![1]!
    const state = existsSync(`/proc/${child}/stat`) ? readFileSync(`/proc/${child}/stat`, 'utf8').split(' ')[2] : 'gone'
    assert.ok(state === 'gone' || state === 'Z' || state === 'X', `the child is still there in state ${state}`)
  })

  it('does not wait for services that the program leaves behind', () => {
    const run = adapter({ stub: 'leave', steps: 'owner.apply(c)' })
    assert.equal(run.status, 0, run.errors)
    assert.ok(run.milliseconds < 10_000)
  })

  it('says so when the program is killed, does not read, or says nothing', () => {
    assert.match(adapter({ stub: 'signal', steps: 'owner.apply(c)' }).output, /ended by a signal/)
    const silent = adapter({ stub: 'silent', steps: 'owner.apply(c)' })
    assert.deepEqual([silent.status, silent.output], [0, ''])
    const large = { service: { clawgress: { 'policy-file': `/config/${'x'.repeat(100_000)}` } } }
    const deaf = adapter({ stub: 'deaf', steps: 'owner.apply(c)', proposed: large })
    assert.deepEqual([deaf.status, deaf.output], [0, 'generation 12 is live\n'], deaf.errors)
  })

  it('says so when the program is not installed', () => {
    const run = adapter({ steps: "owner.PROGRAM[:] = ['/nonexistent/clawgress']; owner.apply(c)" })
    assert.equal(run.status, 1)
    assert.match(run.output, /^CONFIG ERROR:clawgress cannot be run: .*nonexistent/)
    assert.equal(run.errors, '')
  })

  it('needs nothing beyond the standard library and vyos', () => {
    const source = readFileSync(join(module, 'service_clawgress.py'), 'utf8')
    const imports = [...source.matchAll(/^(?:import|from) ([\w.]+)/gm)].map(([, name]) => name)
    assert.deepEqual(imports, ['json', 'os', 'signal', 'subprocess', 'sys', 'tempfile', 'vyos.config', 'vyos'])
  })
})
