import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generationFiles, type Layout, runtimePaths } from '../../../src/base/layout.ts'
import { ownCommand } from '../../../src/base/own-command.ts'
import {
  type LiveRuleset,
  liveRuleset,
  NO_OBJECTS,
  printClosedRuleset,
  printRuleset,
} from '../../../src/firewall/index.ts'
import { prepareFolders } from '../../../src/services/folders.ts'
import { readGuardReport } from '../../../src/services/index.ts'
import { withLock } from '../../../src/services/lock.ts'
import { until } from '../../../src/standalone/lab/until.ts'
import { removeLayout, temporaryLayout } from '../../unit/services/support/gateway.ts'
import { DatagramReceiver } from '../support/datagram-receiver.ts'
import { firewallPlan } from '../support/firewall-plan.ts'
import { Namespace } from '../support/netns.ts'
import { SmallDisk } from '../support/small-disk.ts'

const GUARD = fileURLToPath(new URL('../support/guard.ts', import.meta.url))
const PLAN = firewallPlan({ settings: { clientInterfaces: ['c1'] } })

describe('the guard', () => {
  let layout: Layout
  let namespace: Namespace
  let guard: ChildProcess | undefined
  let folder: string

  beforeEach(() => {
    layout = temporaryLayout()
    namespace = new Namespace('guard')
    folder = join(runtimePaths(layout).generations, PLAN.generation)
    prepare()
  })
  afterEach(async () => {
    if (guard !== undefined && guard.exitCode === null) {
      guard.kill('SIGKILL')
      await once(guard, 'exit')
    }
    guard = undefined
    namespace.dispose()
    removeLayout(layout)
  })

  const prepare = () => {
    mkdirSync(folder, { recursive: true })
    const files = generationFiles(folder)
    writeFileSync(files.ruleset, printRuleset(PLAN, { mark: 3, live: NO_OBJECTS }))
    writeFileSync(files.closed, printClosedRuleset(PLAN.settings))
  }
  const activate = () => {
    namespace.run('nft', '-f', generationFiles(folder).ruleset)
    symlinkSync(folder, runtimePaths(layout).current)
  }
  const live = (): LiveRuleset => namespace.inside(() => liveRuleset())
  const removeTable = () => namespace.run('nft', 'delete', 'table', 'inet', 'clawgress')
  const isBack = () => live().intact && live().generation === PLAN.generation
  const alerts = () =>
    readFileSync(runtimePaths(layout).alerts, 'utf8')
      .trim()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { schema: string; event: string; message: string; tookMs?: number })

  const restorations = (): number => {
    const path = join(layout.run, 'restored')
    return existsSync(path) ? readFileSync(path).length : 0
  }

  async function start(env: Record<string, string> = {}): Promise<void> {
    const command = ['netns', 'exec', namespace.name, ...ownCommand().slice(0, -1), GUARD]
    guard = spawn('ip', command, {
      env: { ...process.env, CLAWGRESS_ROOT: layout.root, ...env },
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    await until('the guard looks', 5_000, () => existsSync(runtimePaths(layout).guardReport))
  }

  it('has the ruleset back within a second when the table is deleted, pins restored, with an alert', async () => {
    activate()
    await start()
    for (let round = 1; round <= 3; round++) {
      removeTable()
      const removed = performance.now()
      await until('the ruleset is back', 1_000, isBack)
      assert.ok(performance.now() - removed < 1_000)
      await until('pins are restored', 1_000, () => restorations() === round)
    }
    const [first] = alerts()
    assert.equal(first!.schema, 'clawgress.alert/1')
    assert.equal(first!.event, 'table.restored')
    assert.match(
      first!.message,
      /The table inet clawgress was removed; the ruleset of generation 0123456789abcdef is back/,
    )
    assert.ok(first!.tookMs! < 1_000)
    assert.equal(live().mark, 3)
  })

  for (const [what, command] of [
    ['a chain is emptied', ['flush', 'chain', 'inet', 'clawgress', 'forward']],
    ['a rule is added in front', ['insert', 'rule', 'inet', 'clawgress', 'forward', 'accept']],
    ['all rulesets are flushed', ['flush', 'ruleset']],
  ] as const) {
    it(`has the ruleset back within a second when ${what}`, async () => {
      activate()
      await start()
      namespace.run('nft', ...command)
      assert.equal(live().intact, false)
      await until('the ruleset is back', 1_000, isBack)
    })
  }

  it('closes the gateway, says so, and tries again when the ruleset cannot be loaded, though the clock was set back', async () => {
    activate()
    await start()
    const { ruleset } = generationFiles(folder)
    const good = readFileSync(ruleset)
    writeFileSync(ruleset, 'this is no ruleset\n')
    removeTable()
    await until('default deny', 1_000, () => live().closed && live().intact)
    await until('the alert', 1_000, () => alerts()[0]?.event === 'table.closed')
    guard!.kill('SIGUSR2')
    writeFileSync(ruleset, good)
    await until('the ruleset is back', 4_000, isBack)
    await until('pins are restored', 1_000, () => restorations() === 1)
    assert.deepEqual(
      alerts().map(({ event }) => event),
      ['table.closed', 'table.restored'],
    )
  })

  it('closes the gateway within a second also while someone holds the lock, and mends it afterwards', async () => {
    activate()
    await start()
    await withLock(layout, 0, async () => {
      removeTable()
      await until('default deny', 1_000, () => live().closed && live().intact)
    })
    await until('the ruleset is back', 2_000, isBack)
  })

  it('closes the gateway also where nobody can take the lock, once, and mends it afterwards', async () => {
    activate()
    await start()
    const { lock } = runtimePaths(layout)
    rmSync(lock, { force: true })
    mkdirSync(lock)
    removeTable()
    await until('default deny', 1_000, () => live().closed && live().intact)
    rmdirSync(lock)
    await until('the ruleset is back', 2_000, isBack)
    await until('the alert of it', 1_000, () => alerts().at(-1)?.event === 'table.restored')
    assert.deepEqual(
      alerts().map(({ event }) => event),
      ['table.closed', 'table.restored'],
    )
    assert.match(alerts()[0]!.message, /was lost and the lock cannot be had \(EISDIR/)
  })

  it('has the ruleset back also where the disk of the run folder is full', async () => {
    await using disk = await SmallDisk.mount(layout.run)
    prepare()
    activate()
    await start()
    await disk.fill()
    removeTable()
    await until('the ruleset is back', 1_000, isBack)
    assert.equal(guard!.exitCode, null)
  })

  it('starts, and has the ruleset back, also where the disk of logs and state takes no changes any more', async () => {
    prepareFolders(layout)
    activate()
    for (const folder of [layout.log, layout.state]) execFileSync('mount', ['-o', 'bind,ro', folder, folder])
    try {
      await start()
      removeTable()
      await until('the ruleset is back', 1_000, isBack)
    } finally {
      execFileSync('umount', ['--lazy', layout.log, layout.state])
    }
  })

  it('leaves alone what was removed on purpose', async () => {
    activate()
    await start()
    rmSync(runtimePaths(layout).current)
    removeTable()
    // Long enough for several looks: the guard answers a loss after it within the same time.
    const deadline = Date.now() + 1_000
    await until('a second has passed', 2_000, () => Date.now() > deadline)
    assert.equal(live().present, false)
    symlinkSync(folder, runtimePaths(layout).current)
    await until('the ruleset is back', 1_000, isBack)
  })

  it('closes the gateway when the table is lost after the run folder, where everything else about it was', async () => {
    activate()
    const { closedRuleset } = runtimePaths(layout)
    mkdirSync(layout.state, { recursive: true })
    writeFileSync(closedRuleset, printClosedRuleset(PLAN.settings))
    await start()
    for (const name of readdirSync(layout.run)) rmSync(join(layout.run, name), { recursive: true, force: true })
    assert.ok(isBack())
    for (let round = 0; round < 2; round++) {
      removeTable()
      await until('default deny', 1_000, () => live().closed && live().intact)
    }
    await until('the alerts', 1_000, () => alerts().length === 2)
    assert.match(alerts()[0]!.message, /run folder .* denied to clients until the next commit/)
  })

  it('says when pins could not be restored, with the ruleset back all the same', async () => {
    activate()
    await start({ TEST_NO_PINNER: '1' })
    removeTable()
    await until('the alert', 2_000, () => alerts().some(({ event }) => event === 'pins.lost'))
    assert.ok(isBack())
    assert.match(alerts().at(-1)!.message, /the pinner is not there/)
  })

  it('reports for which family packets are not tracked, and which interfaces that concerns', async () => {
    namespace.ip('link add eth1 type veth peer name other1')
    for (const end of ['eth1', 'other1']) namespace.ip(`link set ${end} up`)
    namespace.ip('address add 10.0.1.1/24 dev eth1')
    namespace.run('nft', 'add table ip raw; add chain ip raw pre { type filter hook prerouting priority raw; }')
    namespace.run('nft', 'add rule ip raw pre notrack')
    await start()
    const report = () => readGuardReport(layout, Date.now())
    await until('the report', 5_000, () => report() !== undefined)
    assert.deepEqual(report()?.untracked, [{ family: 4, interfaces: ['lo', 'eth1'] }])
  })

  it('tells systemd that it has started, and that it is at work, again and again', async () => {
    using systemd = new DatagramReceiver(join(layout.run, 'notify'))
    await start({ NOTIFY_SOCKET: systemd.path })
    for (let beat = 1; beat <= 3; beat++) {
      const heard = await until(`beat ${beat}`, 5_000, () => systemd.receive())
      assert.equal(heard, beat === 1 ? 'READY=1\nWATCHDOG=1' : 'WATCHDOG=1')
    }
  })
})
