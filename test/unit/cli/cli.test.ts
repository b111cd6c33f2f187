import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CommanderError } from 'commander'
import { ClawgressError } from '../../../src/base/errors.ts'
import { reportFailure } from '../../../src/cli/failure.ts'
import { tempFolder } from '../daemon/temp-folder.ts'

describe('the command line', () => {
  const folder = tempFolder()
  let policy: string

  /** Runs the program as a shell does. */
  const clawgress = (...words: string[]) => {
    const env = { ...process.env, CLAWGRESS_ROOT: folder(), CLAWGRESS_DEBUG: '' }
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', ...words], {
      encoding: 'utf8',
      env,
    })
    return { status, stdout, stderr }
  }

  before(() => {
    policy = join(folder(), 'policy.json')
    writeFileSync(policy, '{"version":1,"allow":{"domains":["api.openai.com"]}}')
  })

  it('checks a policy: 0 and a sentence', () => {
    const { status, stdout } = clawgress('policy', 'check', policy)
    assert.deepEqual([status, stdout.startsWith('The policy is valid')], [0, true])
  })

  it('refuses a policy: 1, every problem on stderr, no stack', () => {
    const bad = join(folder(), 'bad.json')
    writeFileSync(bad, '{"version":1,"allow":{"domains":["*"],"ports":[0]}}')
    const { status, stdout, stderr } = clawgress('policy', 'check', bad)
    assert.deepEqual([status, stdout], [1, ''])
    assert.match(stderr, /\(policy\.name\)\n/)
    assert.match(stderr, /\(policy\.port\)\n/)
    assert.doesNotMatch(stderr, /^\s+at /m)
  })

  it('gives programs the same as JSON, also when it refuses', () => {
    const bad = join(folder(), 'bad.json')
    const { status, stdout } = clawgress('policy', 'check', '--json', bad)
    assert.equal(status, 1)
    const { valid, problems } = JSON.parse(stdout) as { valid: boolean; problems: { code: string }[] }
    assert.deepEqual([valid, problems.length], [false, 2])
  })

  it('tests a name against a file without a gateway', () => {
    const { status, stdout } = clawgress(
      'policy',
      'test',
      'api.openai.com',
      '--port',
      '443',
      '--file',
      policy,
      '--json',
    )
    assert.equal(status, 0)
    const { verdict, rule } = JSON.parse(stdout) as { verdict: string; rule: { path: string } }
    assert.deepEqual([verdict, rule.path], ['allow', '$.allow.domains[0]'])
  })

  it('says that there is no gateway: 1 and a sentence', () => {
    const { status, stderr } = clawgress('op', 'show', 'status')
    assert.equal(status, 1)
    assert.match(
      stderr,
      /^Clawgress is not configured on this machine, .* clients are not policed\. .* \(system\.unreachable\)\n$/,
    )
  })

  it('knows what is no command of its own: 2', () => {
    assert.equal(clawgress('nonsense').status, 2)
    assert.equal(clawgress('policy', 'test', 'a.test', '--port', '70000').status, 2)
  })

  it('helps with every command, with an example', () => {
    const { status, stdout } = clawgress('policy', 'test', '--help')
    assert.equal(status, 0)
    assert.match(stdout, /Example:\n {2}clawgress policy test /)
  })

  it('prints a completion that bash takes and that completes', () => {
    const { stdout } = clawgress('completion')
    const complete = (line: string) => {
      const words = line.split(' ')
      const script = `${stdout}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _clawgress; echo "\${COMPREPLY[*]}"`
      return spawnSync('bash', ['-c', script], { encoding: 'utf8' }).stdout.trim()
    }
    assert.equal(complete('clawgress policy che'), 'check')
    assert.match(complete('clawgress policy test --'), /--client .*--port/)
    assert.match(complete('clawgress '), /status .*policy/)
  })
})

describe('a failure', () => {
  const report = (error: unknown) => {
    const said: string[] = []
    const { write } = process.stderr
    process.stderr.write = (text: string | Uint8Array) => said.push(String(text)) > 0
    try {
      return { status: reportFailure(error), text: said.join('') }
    } finally {
      process.stderr.write = write
    }
  }

  it('of ours is its sentences', () => {
    const error = new ClawgressError([
      { code: 'config.value', message: 'One.' },
      { code: 'config.missing', message: 'Two.', path: 'service clawgress' },
    ])
    assert.deepEqual(report(error), {
      status: 1,
      text: 'One. (config.value)\nservice clawgress: Two. (config.missing)\n',
    })
  })

  it('of no one’s making is one sentence, without a stack', () => {
    const { status, text } = report(new TypeError('x is not\na function'))
    assert.equal(status, 1)
    assert.equal(text, 'Clawgress made a mistake; nothing more was done: x is not a function. (internal.bug)\n')
  })

  it('of a user’s rights says whose they are, and is no defect', () => {
    const refusal = Object.assign(new Error("EACCES: permission denied, open '/x'"), { code: 'EACCES' })
    const { getuid } = process
    try {
      process.getuid = () => 1000
      const { status, text } = report(refusal)
      assert.equal(status, 1)
      assert.match(text, /^Only root may do that \(EACCES: .* '\/x'\)\. Run .* sudo\. \(system\.privilege\)\n$/)
      process.getuid = () => 0
      assert.match(report(refusal).text, /internal\.bug/)
    } finally {
      process.getuid = getuid!
    }
  })

  it('has its stack where it is asked for', () => {
    process.env.CLAWGRESS_DEBUG = '1'
    try {
      assert.match(report(new TypeError('x')).text, /\n\s+at /)
    } finally {
      delete process.env.CLAWGRESS_DEBUG
    }
  })

  it('of usage is 2, and asking for help is none', () => {
    assert.equal(report(new CommanderError(1, 'commander.unknownCommand', '')).status, 2)
    assert.equal(report(new CommanderError(0, 'commander.helpDisplayed', '')).status, 0)
  })
})
