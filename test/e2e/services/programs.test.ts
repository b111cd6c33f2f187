import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { assetsRoot } from '../../../src/base/assets.ts'
import { ENDPOINTS } from '../../../src/base/endpoints.ts'
import { type Layout, layoutBelow, runtimePaths } from '../../../src/base/layout.ts'
import { ownCommand, ownProgram } from '../../../src/base/own-command.ts'
import { bindIds, ensureFolders } from '../../../src/dns/files/ownership.ts'
import { namedPaths } from '../../../src/dns/index.ts'
import { supervisedServices } from '../../../src/services/supervisor/supervised-services.ts'
import { printUlogdConf } from '../../../src/services/ulogd-conf.ts'
import { until } from '../../../src/standalone/lab/until.ts'
import { isAlive, statusOf } from '../../unit/services/support/gateway.ts'
import { Namespace } from '../support/netns.ts'

const ENSURE = fileURLToPath(new URL('../support/ensure-units.ts', import.meta.url))

/** A named that answers about itself alone. */
const namedConf = (layout: Layout) => `
  options {
    directory "${namedPaths(layout).work}"; pid-file "${namedPaths(layout).work}/named.pid";
    session-keyfile "${namedPaths(layout).work}/session.key"; lock-file none; recursion no;
    listen-on port ${ENDPOINTS.namedPort} { 127.0.0.1; }; listen-on-v6 { none; };
  };
  controls { };
`

describe('the units with their real programs', () => {
  let layout: Layout
  let namespace: Namespace

  before(() => {
    const root = mkdtempSync(join(tmpdir(), 'clawgress-units-'))
    chmodSync(root, 0o755)
    layout = layoutBelow(root, `/var/cache/bind/clawgress-lab-${randomBytes(4).toString('hex')}`)
    namespace = new Namespace('units')
    ensureFolders(layout, bindIds())
    writeFileSync(namedPaths(layout).conf, namedConf(layout))
    mkdirSync(layout.run, { recursive: true })
    writeFileSync(runtimePaths(layout).ulogdConfiguration, printUlogdConf(layout))
    ensure('clawgress-named', 'clawgress-log', 'clawgress-guard')
  })
  after(async () => {
    await supervisedServices(layout).stopAll()
    namespace.dispose()
    rmSync(layout.root, { recursive: true })
    rmSync(layout.named, { recursive: true })
  })

  function ensure(...units: string[]): void {
    const command = [...ownCommand().slice(0, -1), ENSURE, ...units]
    const env = { ...process.env, CLAWGRESS_ROOT: layout.root, CLAWGRESS_NAMED_DIR: layout.named }
    execFileSync('ip', ['netns', 'exec', namespace.name, ...command], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  }

  const processStatus = async (unit: string) => {
    const text = readFileSync(`/proc/${(await statusOf(layout, unit)).pid}/status`, 'utf8')
    return (key: string) => new RegExp(`^${key}:\\s*(\\S+)`, 'm').exec(text)![1]!
  }
  const uid = (user: string) => execFileSync('id', ['-u', user], { encoding: 'utf8' }).trim()

  it('run as their own users with no capability too many', async () => {
    for (const [unit, user, capabilities] of [
      ['clawgress-named', 'bind', '0000000000000000'],
      ['clawgress-log', 'ulog', '0000000000001000'],
    ] as const) {
      const fact = await processStatus(unit)
      assert.equal(fact('Uid'), uid(user), unit)
      assert.equal(fact('NoNewPrivs'), '1', unit)
      for (const set of ['CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
        assert.equal(fact(set), capabilities, `${unit} ${set}`)
    }
    assert.equal((await processStatus('clawgress-guard'))('Uid'), '0')
  })

  it('run in the network namespace in which they were asked for', async () => {
    const answer = namespace.run('dig', '+short', '-p', '5053', '@127.0.0.1', 'version.bind', 'TXT', 'CH')
    assert.match(answer, /^"9\./)
    assert.match(namespace.run('cat', '/proc/net/netfilter/nfnetlink_log'), new RegExp(`^\\s*${ENDPOINTS.nflogGroup} `))
  })

  for (const unit of ['clawgress-named', 'clawgress-log', 'clawgress-guard']) {
    it(`brings ${unit} back, doing its work, within 2 s of a kill -9`, async () => {
      const { pid } = await statusOf(layout, unit)
      process.kill(pid!, 'SIGKILL')
      await until(`${unit} is back`, 2_000, async () => {
        const now = await statusOf(layout, unit)
        return now.pid !== pid && now.state === 'running'
      })
    })
  }

  it('let the daemon read and punch what ulogd2 writes, and ulogd2 open its file again', async () => {
    const { nflogRecords } = runtimePaths(layout)
    const { mode, gid } = statSync(nflogRecords)
    assert.equal(mode & 0o777, 0o660)
    assert.equal(String(gid), execFileSync('id', ['-g', 'clawgress'], { encoding: 'utf8' }).trim())
    execFileSync('setpriv', [
      '--reuid',
      'clawgress',
      '--regid',
      'clawgress',
      '--init-groups',
      'test',
      '-w',
      nflogRecords,
    ])
    rmSync(nflogRecords)
    await supervisedServices(layout).reload('clawgress-log')
    await until('the file is there again', 2_000, () => statSync(nflogRecords, { throwIfNoEntry: false }) !== undefined)
  })

  it('let the daemon through to the denials of named and to nothing else of it', () => {
    const asDaemon = (...test: string[]) => {
      try {
        execFileSync('setpriv', ['--reuid', 'clawgress', '--regid', 'clawgress', '--init-groups', 'test', ...test])
        return true
      } catch {
        return false
      }
    }
    const paths = namedPaths(layout)
    writeFileSync(paths.denials, '', { mode: 0o640 })
    assert.equal(asDaemon('-r', paths.denials), true)
    assert.equal(asDaemon('-w', paths.denials), false)
    assert.equal(asDaemon('-r', paths.key), false)
    assert.equal(asDaemon('-r', paths.zones), false)
  })

  it('are all gone when the supervisor is killed, and come back with the next order', async () => {
    const units = ['clawgress-named', 'clawgress-log', 'clawgress-guard']
    const pids = await Promise.all(units.map(async (unit) => (await statusOf(layout, unit)).pid!))
    const supervisor = Number(readFileSync(join(layout.run, 'supervisor.lock'), 'utf8'))
    process.kill(supervisor, 'SIGKILL')
    await until('all are gone', 2_000, () => !pids.some(isAlive))
    ensure(...units)
    for (const unit of units) assert.equal((await statusOf(layout, unit)).state, 'running')
  })
})

describe('units of a program in a folder that others may not enter', () => {
  it('run all the same, as their own users', async () => {
    const closed = mkdtempSync(join(tmpdir(), 'clawgress-closed-'))
    const root = mkdtempSync(join(tmpdir(), 'clawgress-units-'))
    chmodSync(root, 0o755)
    const layout = layoutBelow(root)
    try {
      const checkout = join(closed, 'checkout')
      for (const part of [
        'src',
        'templates',
        'interface-definitions',
        'package.json',
        'test/e2e/support/ensure-units.ts',
      ])
        cpSync(join(assetsRoot(), part), join(checkout, part), { recursive: true })
      symlinkSync(join(assetsRoot(), 'node_modules'), join(checkout, 'node_modules'))
      const node = join(closed, 'bin', 'node')
      cpSync(process.execPath, node)
      const { options } = ownProgram()
      const script = join(checkout, 'test/e2e/support/ensure-units.ts')
      execFileSync(node, [...options, script, 'clawgressd'], { env: { ...process.env, CLAWGRESS_ROOT: root } })
      const { state, pid } = await statusOf(layout, 'clawgressd')
      assert.equal(state, 'running')
      assert.match(readFileSync(`/proc/${pid}/cmdline`, 'utf8'), new RegExp(`^${layout.run}/node/node`))
      assert.notEqual(statSync(`/proc/${pid}`).uid, 0)
    } finally {
      await supervisedServices(layout).stopAll()
      rmSync(closed, { recursive: true })
      rmSync(root, { recursive: true })
    }
  })
})
