import assert from 'node:assert/strict'
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'mocha'
import { runtimePaths } from '../../../src/base/layout.ts'
import { CHECKPOINTS } from '../../../src/conf_mode/checkpoint.ts'
import { commit, importPolicy, LAB_CONFIG, mustCommit, mustImport, refusal } from '../support/commits.ts'
import { useLab } from '../support/lab.ts'
import { policyOf } from '../support/reach.ts'

const ONE = { ...LAB_CONFIG, client: { interface: ['eth1'] } }
const BOTH = LAB_CONFIG
const FIRST = policyOf('api.openai.com')
const SECOND = policyOf('api.openai.com', 'h1.pool.net')

/** From here on the new generation is the current one. */
const LAST = CHECKPOINTS.indexOf('switched')

describe('an import after a commit of other settings', () => {
  const lab = useLab()

  const policedInterfaces = async (): Promise<unknown> => {
    const plan = readFileSync(join(runtimePaths(lab().gateway.layout).current, 'plan', 'plan.json'), 'utf8')
    return JSON.parse(plan).settings.clientInterfaces
  }

  for (const [at, name] of CHECKPOINTS.entries())
    it(`keeps the settings that are live when that commit was killed at "${name}"`, async () => {
      await lab().gateway.write('/config/policy.json', FIRST)
      await mustCommit(lab(), { proposed: ONE })
      assert.equal((await commit(lab(), { proposed: BOTH, killAt: name })).signal, 'SIGKILL')
      await mustImport(lab(), SECOND)
      assert.deepEqual(await policedInterfaces(), at >= LAST ? ['eth1', 'eth2'] : ['eth1'])
    })

  it('keeps the path of the policy file that was committed last, though its policy means the same', async () => {
    await lab().gateway.write('/config/policy.json', FIRST)
    await mustCommit(lab())
    await lab().gateway.write('/config/other.json', FIRST)
    await mustCommit(lab(), { proposed: { ...LAB_CONFIG, 'policy-file': '/config/other.json' } })
    await mustImport(lab(), SECOND)
    assert.equal(
      readFileSync(lab().gateway.file('/config/other.json'), 'utf8'),
      readFileSync(lab().gateway.file('/config/next.json'), 'utf8'),
    )
    assert.notEqual(
      readFileSync(lab().gateway.file('/config/policy.json'), 'utf8'),
      readFileSync(lab().gateway.file('/config/next.json'), 'utf8'),
    )
  })
})

describe('an import where the policy file is a link', () => {
  const lab = useLab()
  before(async () => {
    await lab().gateway.write('/config/policy.json', FIRST)
    await mustCommit(lab())
  })

  it('is refused where the link leads out of /config, and what it leads to is untouched', async () => {
    const { gateway } = lab()
    const victim = join(gateway.layout.root, 'victim')
    writeFileSync(victim, 'precious')
    await gateway.exec(['rm', gateway.file('/config/policy.json')])
    symlinkSync(victim, gateway.file('/config/policy.json'))
    assert.match(refusal(await importPolicy(lab(), SECOND)), /must lie below \/config/)
    assert.equal(readFileSync(victim, 'utf8'), 'precious')
  })

  it('replaces what it leads to inside /config, and keeps the link', async () => {
    const { gateway } = lab()
    await gateway.write('/config/real.json', FIRST)
    await gateway.exec(['ln', '-sfn', 'real.json', gateway.file('/config/policy.json')])
    await mustImport(lab(), SECOND)
    assert.deepEqual(JSON.parse(readFileSync(gateway.file('/config/real.json'), 'utf8')), SECOND)
  })

  it('is refused in a folder where everyone can replace files', async () => {
    const { gateway } = lab()
    await gateway.exec(['chmod', '0777', gateway.file('/config')])
    try {
      assert.match(refusal(await importPolicy(lab(), FIRST)), /Everyone can replace files/)
    } finally {
      await gateway.exec(['chmod', '0755', gateway.file('/config')])
    }
  })
})

describe('a handler', () => {
  const lab = useLab()

  for (const input of ['', 'not JSON', '{}', '[]', '{"proposed": 1, "effective": null, "pki": null, "dry_run": false}'])
    it(`answers nonsense with a sentence: ${JSON.stringify(input)}`, async () => {
      const said = await lab().gateway.clawgress(['conf-mode', 'service_clawgress'], { input, mayFail: true })
      assert.match(refusal(said), /\(config\.syntax\)$/)
    })

  it('makes nothing that belongs to the group of its caller, as VyOS has operators in it', async () => {
    await lab().gateway.write('/config/policy.json', FIRST)
    await mustCommit(lab(), { gid: 54_321 })
    const { run, state, log, named } = lab().gateway.layout
    const found = async (group: number) =>
      (await lab().gateway.exec(['find', run, state, log, named, '-gid', `${group}`])).stdout
    assert.match(await found(0), /closed\.nft/)
    assert.equal(await found(54_321), '')
  })
})

describe('a commit by somebody whose umask closes new files to others', () => {
  const lab = useLab()

  it('leaves nothing unreadable for the programs that another one does not', async () => {
    const { generations } = runtimePaths(lab().gateway.layout)
    const asProgram = ['setpriv', '--reuid=clawgress', '--regid=clawgress', '--clear-groups', '--']
    const places = [generations, join(lab().gateway.layout.state, 'history')]
    const closed = async () => {
      const find = ['find', ...places, '!', '-readable', '-printf', '%f\n']
      return (await lab().gateway.exec([...asProgram, ...find])).stdout.split('\n').sort()
    }
    await lab().gateway.write('/config/policy.json', FIRST)
    await mustCommit(lab())
    const one = await closed()
    await lab().gateway.write('/config/policy.json', SECOND)
    await mustCommit(lab(), { umask: '077' })
    assert.deepEqual(await closed(), [...one, ...one].sort())
  })
})

describe('a client interface in a bridge', () => {
  const lab = useLab()

  it('is refused, since its packets would enter the gateway unpoliced', async () => {
    const { gateway } = lab()
    await gateway.write('/config/policy.json', FIRST)
    await gateway.exec(['ip', 'link', 'add', 'br9', 'type', 'bridge'])
    await gateway.exec(['ip', 'link', 'set', 'eth2', 'master', 'br9'])
    assert.match(refusal(await commit(lab())), /eth2 is part of br9.*set client interface br9 instead/)
  })

  it('is taken as the bridge itself', async () => {
    const { gateway } = lab()
    for (const address of ['10.77.2.1/24', 'fd77:2::1/64']) {
      await gateway.exec(['ip', 'address', 'del', address, 'dev', 'eth2'])
      await gateway.exec(['ip', 'address', 'add', address, 'dev', 'br9', ...(address.includes(':') ? ['nodad'] : [])])
    }
    await gateway.exec(['ip', 'link', 'set', 'br9', 'up'])
    await mustCommit(lab(), { proposed: { ...LAB_CONFIG, client: { interface: ['eth1', 'br9'] } } })
    const { status, exitCode } = await lab().agent(2).fetch('https://example.com/', { timeoutMs: 4000 })
    assert.deepEqual({ status, exitCode }, { status: 0, exitCode: 6 })
    assert.equal((await lab().agent(2).fetch('https://api.openai.com/')).status, 200)
  })
})

describe('a policy that lists what tests and probes like to ask for', () => {
  const lab = useLab()

  it('is proven all the same', async () => {
    await lab().gateway.write('/config/policy.json', policyOf('*.invalid', '*.test', '*.example', '*.local'))
    assert.match(await mustCommit(lab()), /live and proven/)
  })
})
