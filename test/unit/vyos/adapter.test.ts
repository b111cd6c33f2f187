import { strict as assert } from 'node:assert'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { until } from '../../../src/standalone/lab/until.ts'

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const ADAPTER = at('../../../src/conf_mode/service_clawgress.py')
const STUB = at('../../data/vyos-stub')
const PROGRAM = ['python3', join(STUB, 'program.py'), 'conf-mode', 'service_clawgress']

const EXISTING = { service: { clawgress: { 'policy-file': '/config/policy.json' } } }
const PKI = { certificate: { web: { certificate: 'MII', private: { key: 'c2VjcmV0IGtleQ' } } } }
const WITH_DEFAULTS = { 'policy-file': '/config/policy.json', dns: { 'max-ttl': '3600' } }
const REFUSAL = 'service clawgress: first problem (config.value)\nservice clawgress: second problem (config.missing)\n'

/** What one call did, and whether the daemon is as it was before. */
interface Served {
  readonly answers: readonly { readonly result: 'done' | 'refused' | 'crashed'; readonly output: string }[]
  readonly before: Record<string, unknown>
  readonly after: Record<string, unknown>
}

interface Surroundings {
  /** What the stand-in for our program does; see program.py. */
  readonly stub?: string
  readonly proposed?: unknown
  readonly effective?: unknown
  readonly program?: readonly string[]
  readonly environment?: Record<string, string>
}

describe('the adapter that VyOS calls', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'clawgress-adapter-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const environment = (what: Surroundings) => ({
    ...process.env,
    PYTHONPATH: STUB,
    PYTHONDONTWRITEBYTECODE: '1',
    STUB_DO: what.stub ?? '',
    STUB_CALLS: join(folder, 'calls'),
    VYOS_STUB_CONFIG: JSON.stringify({ proposed: what.proposed ?? EXISTING, effective: what.effective ?? null }),
    ...what.environment,
  })

  const calls = () => {
    const file = join(folder, 'calls')
    // A line that is being written is none yet.
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []
    return lines.map((line) => JSON.parse(line) as { pid: number; args: string[]; given: Record<string, unknown> })
  }

  /** Runs the steps as vyos-configd and vyos-commitd do: in their process, once for each of `runs`. */
  function serve(what: Surroundings & { steps?: readonly string[]; runs?: readonly string[]; limit?: number }): Served {
    const order = {
      program: what.program ?? PROGRAM,
      limit: what.limit ?? 20,
      runs: what.runs ?? [what.stub ?? ''],
      steps: what.steps ?? ['apply'],
    }
    const options = { encoding: 'utf8', timeout: 30_000, env: environment(what) } as const
    const { stdout, stderr } = spawnSync('python3', [join(STUB, 'daemon.py'), ADAPTER, JSON.stringify(order)], options)
    assert.equal(stderr, '', 'vyos-configd captures what Python prints and nothing else')
    return JSON.parse(stdout) as Served
  }

  /** The source, run as a plain executable with the stand-in for our program. */
  function executable(what: Surroundings) {
    const main = `source = open(${JSON.stringify(ADAPTER)}).read()
assert source.count("PROGRAM = [") == 1
source = source.replace("['/usr/bin/clawgress', 'conf-mode', 'service_clawgress']", repr(${JSON.stringify(PROGRAM)}))
exec(compile(source, 'service_clawgress.py', 'exec'), {'__name__': '__main__'})`
    return ['python3', ['-c', main], { encoding: 'utf8', timeout: 30_000, env: environment(what) }] as const
  }

  it('hands over proposed and effective configuration with defaults, and pki without', () => {
    const { answers } = serve({ proposed: { ...EXISTING, pki: PKI }, effective: EXISTING })
    assert.deepEqual(answers, [{ result: 'done', output: 'generation 12 is live\n' }])
    assert.deepEqual(
      calls().map(({ args, given }) => [args, given]),
      [
        [
          ['conf-mode', 'service_clawgress'],
          { proposed: WITH_DEFAULTS, effective: WITH_DEFAULTS, pki: PKI, dry_run: false },
        ],
      ],
    )
  })

  it('hands over null where the node is deleted or new', () => {
    serve({ proposed: {}, effective: EXISTING })
    serve({})
    const [deleted, created] = calls().map(({ given }) => given)
    assert.deepEqual([deleted!.proposed, deleted!.effective], [null, WITH_DEFAULTS])
    assert.deepEqual([created!.proposed, created!.effective, created!.pki], [WITH_DEFAULTS, null, null])
  })

  it('only tries when a dry-run commit calls nothing but verify', () => {
    serve({ steps: ['verify'] })
    assert.deepEqual(
      calls().map(({ given }) => given.dry_run),
      [true],
    )
  })

  it('runs every step as a plain executable', () => {
    const { status, stderr } = spawnSync(...executable({}))
    assert.deepEqual([status, stderr], [0, ''])
    assert.deepEqual(
      calls().map(({ given }) => given.dry_run),
      [true, false],
    )
  })

  it('passes a refusal on line by line, without a stack trace', () => {
    const sorted = (text: string) => text.trim().split('\n').sort()
    const { status, stdout, stderr } = spawnSync(...executable({ stub: 'refuse' }))
    assert.deepEqual([status, stderr], [1, ''])
    assert.deepEqual(sorted(stdout), sorted(REFUSAL))
    assert.equal(calls().length, 1, 'nothing is applied after verify refused')
    const [answer] = serve({ stub: 'refuse', steps: ['verify', 'generate', 'apply'] }).answers
    assert.equal(answer!.result, 'refused')
    assert.deepEqual(sorted(answer!.output), sorted(REFUSAL))
  })

  it('bounds the message to what the daemons of VyOS carry, also where the program never ends it', () => {
    for (const { result, output } of serve({ runs: ['long', 'endless'] }).answers) {
      assert.equal(result, 'refused')
      assert.ok(output.length > 50_000 && Buffer.byteLength(output) < 65_535, `${output.length} characters`)
    }
  })

  it('stops a program that does not finish, with all its children', () => {
    const started = Date.now()
    const [answer] = serve({ stub: 'hang', limit: 1 }).answers
    assert.equal(answer!.result, 'refused')
    assert.match(answer!.output, /clawgress did not finish within 1 s and was stopped\.$/)
    assert.ok(Date.now() - started < 10_000)
    assertEnded(/waiting (\d+)/.exec(answer!.output)![1]!)
  })

  it('does not wait for services that the program leaves behind', () => {
    const started = Date.now()
    assert.equal(serve({ stub: 'leave' }).answers[0]!.result, 'done')
    assert.ok(Date.now() - started < 10_000)
  })

  it('says so when the program is killed, does not read, prints garbage or says nothing', () => {
    assert.match(serve({ stub: 'signal' }).answers[0]!.output, /^clawgress was ended by a signal\.$/)
    assert.deepEqual(serve({ stub: 'silent' }).answers, [{ result: 'done', output: '' }])
    assert.match(serve({ stub: 'garbage' }).answers[0]!.output, /^café/)
    const mute = serve({ program: ['false'] }).answers
    assert.deepEqual(mute, [{ result: 'refused', output: 'clawgress refused the configuration without saying why.' }])
    const large = { service: { clawgress: { 'policy-file': `/config/${'x'.repeat(100_000)}` } } }
    const deaf = serve({ stub: 'deaf', proposed: large })
    assert.deepEqual(deaf.answers, [{ result: 'done', output: 'generation 12 is live\n' }])
  })

  it('says so when the program is not there, or cannot be run', () => {
    for (const program of ['/nonexistent/clawgress', folder]) {
      const [answer] = serve({ program: [program] }).answers
      assert.equal(answer!.result, 'refused')
      assert.match(answer!.output, /^clawgress cannot be run: .*(No such file|Permission denied)/)
    }
  })

  it('says so when VyOS cannot tell the configuration', () => {
    for (const proposed of [{ service: { clawgress: 'text' } }, { service: { clawgress: {} }, pki: ['x'] }]) {
      const [answer] = serve({ proposed }).answers
      assert.equal(answer!.result, 'refused')
      assert.match(answer!.output, /^VyOS does not tell its configuration: .*not of type dict/)
    }
    const environment = { VYOS_STUB_CONFIG: 'nothing of the kind' }
    const { status, stdout, stderr } = spawnSync(...executable({ environment }))
    assert.deepEqual([status, stderr], [1, ''])
    assert.match(stdout, /^VyOS does not tell its configuration: /)
  })

  it('shows nothing of pki when it fails', () => {
    const [refused, killed] = serve({ proposed: { ...EXISTING, pki: PKI }, runs: ['refuse', 'signal'] }).answers
    for (const { output } of [refused!, killed!]) assert.ok(!output.includes(PKI.certificate.web.private.key))
    for (const { args } of calls()) assert.deepEqual(args, ['conf-mode', 'service_clawgress'])
  })

  it('leaves nothing behind in a daemon that calls it again and again', () => {
    const runs = ['', 'refuse', 'signal', 'garbage', 'leave', 'hang', 'endless', '']
    const { answers, before, after } = serve({ runs, limit: 1, effective: EXISTING })
    assert.deepEqual(
      answers.map(({ result }) => result),
      ['done', 'refused', 'refused', 'refused', 'done', 'refused', 'refused', 'done'],
    )
    assert.deepEqual(after, before)
  })

  it('ends the program together with a daemon that is told to stop', () => {
    const main = `import os, runpy, signal, sys
def stop(*_):
    if os.path.exists(os.environ['STUB_CALLS']) and open(os.environ['STUB_CALLS']).read().endswith('\\n'): sys.exit(7)
signal.signal(signal.SIGALRM, stop)
signal.setitimer(signal.ITIMER_REAL, 0.1, 0.1)
sys.argv[1:] = ${JSON.stringify([ADAPTER, JSON.stringify({ program: PROGRAM, limit: 20, runs: ['hang'], steps: ['apply'] })])}
runpy.run_path(${JSON.stringify(join(STUB, 'daemon.py'))}, run_name='__main__')`
    const { status } = spawnSync('python3', ['-c', main], { timeout: 15_000, env: environment({}) })
    assert.equal(status, 7)
    const [call] = calls()
    assertEnded(String(call!.pid))
  })

  it('finishes a change that the operator wants to interrupt', async () => {
    const [program, args, { env }] = executable({ stub: 'slow' })
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    const ended = once(child, 'exit')
    await until('the first owner is called', 10_000, () => calls().length > 0)
    child.kill('SIGINT')
    assert.deepEqual(await ended, [0, null])
    assert.equal(calls().length, 2)
  })

  it('prints any text on a terminal that cannot show it', () => {
    const environment = { PYTHONIOENCODING: 'ascii' }
    const { status, stdout, stderr } = spawnSync(...executable({ stub: 'garbage', environment }))
    assert.deepEqual([status, stderr], [1, ''])
    assert.match(stdout, /^caf\\xe9/)
  })

  it('needs nothing beyond the standard library and vyos', () => {
    const imports = [...readFileSync(ADAPTER, 'utf8').matchAll(/^(?:import|from) ([\w.]+)/gm)].map(([, name]) => name)
    assert.deepEqual(imports, ['fcntl', 'json', 'os', 'signal', 'subprocess', 'sys', 'vyos.config', 'vyos'])
  })
})

function assertEnded(pid: string): void {
  const stat = `/proc/${pid}/stat`
  const state = existsSync(stat) ? readFileSync(stat, 'utf8').split(' ')[2] : 'gone'
  assert.ok(state === 'gone' || state === 'Z' || state === 'X', `process ${pid} is still there in state ${state}`)
}
