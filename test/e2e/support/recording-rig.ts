import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { layoutBelow, runtimePaths } from '../../../src/base/layout.ts'
import { type DaemonOptions, runDaemon } from '../../../src/daemon/run.ts'
import { askDaemon } from '../../../src/daemon/status.ts'
import { NO_OBJECTS, printRuleset } from '../../../src/firewall/index.ts'
import { compilePlan, writePlan } from '../../../src/plan/index.ts'
import { parsePolicy } from '../../../src/policy/index.ts'
import { printUlogdConf } from '../../../src/services/ulogd-conf.ts'
import { until } from '../../../src/standalone/lab/until.ts'
import { testSettings } from '../../unit/daemon/settings.ts'
import { Topology } from './netns.ts'

const SETTINGS = {
  ...testSettings,
  clientInterfaces: ['c1', 'c2'],
  listenAddresses: ['10.77.1.1', 'fd77:1::1', '10.77.2.1', 'fd77:2::1'],
}

/** The gateway of a `Topology` with the ruleset of a policy, ulogd2, and the daemon in this process. */
export class RecordingRig {
  readonly root = mkdtempSync(join(tmpdir(), 'clawgress-test-'))
  readonly layout = layoutBelow(this.root)
  readonly net = new Topology()
  readonly plan
  private readonly children: ChildProcess[] = []
  private stop = new AbortController()
  private daemon: Promise<void> | undefined

  /** The ruleset stands; nothing runs yet. */
  constructor(policy: object) {
    this.plan = compilePlan(parsePolicy(Buffer.from(JSON.stringify(policy))).policy, SETTINGS, {})
    const { generation } = this.plan
    const { run, named } = this.layout
    const folder = join(run, 'generations', generation)
    for (const path of [join(run, 'log'), join(named, 'log'), folder]) mkdirSync(path, { recursive: true })
    writePlan(this.plan, join(folder, 'plan'))
    symlinkSync(folder, runtimePaths(this.layout).current)
    // What the guard would write: the number that flows carry in their marks, and the generation it stands for.
    const ruleset = { present: true, intact: true, closed: false, generation, mark: 1 }
    const none = { unknown: 'not asked' }
    const sight = { seenAt: Date.now(), ruleset, counters: none, clientQueries: none, units: none }
    writeFileSync(runtimePaths(this.layout).guardReport, JSON.stringify(sight))
    writeFileSync(join(run, 'ruleset.nft'), printRuleset(this.plan, { mark: 1, live: NO_OBJECTS }))
    this.net.gateway.run('nft', '-f', join(run, 'ruleset.nft'))
  }

  /** Starts a program that ends with the gateway. */
  start(namespace: { name: string }, ...words: string[]): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', namespace.name, ...words], { stdio: ['ignore', 'pipe', 'ignore'] })
    this.children.push(child)
    return child
  }

  /** An echo server of the internet, on port 443 of every address. */
  async startServer(): Promise<void> {
    const program = `require('net').createServer((s) => s.pipe(s)).listen(443, '::', () => console.log('ready'))`
    await once(this.start(this.net.internet, process.execPath, '-e', program).stdout!, 'data')
  }

  async startUlogd(): Promise<void> {
    const conf = join(this.layout.run, 'ulogd.conf')
    writeFileSync(conf, printUlogdConf(this.layout))
    this.start(this.net.gateway, 'ulogd', '-c', conf)
    await until('ulogd2 listens', 8_000, () => this.hasUlogd())
  }

  /** Does ulogd2 listen for denied packets and for ended connections? proc_pid_net(5) */
  hasUlogd(): boolean {
    const [packets, sockets] = ['netfilter/nfnetlink_log', 'netlink'].map((file) =>
      this.net.gateway.run('cat', `/proc/self/net/${file}`),
    )
    return /^\s*5\s/m.test(packets!) && / 12 +\d+ +0*4 /.test(sockets!)
  }

  async startDaemon(options: DaemonOptions = {}): Promise<void> {
    this.stop = new AbortController()
    this.daemon = runDaemon({
      layout: this.layout,
      signal: this.stop.signal,
      syslogCommand: () => ['cat'],
      lookUpNames: async () => new Map(),
      ...options,
    })
    await until('the daemon answers', 8_000, async () => (await askDaemon(this.layout)) !== undefined)
  }

  async stopDaemon(): Promise<void> {
    this.stop.abort()
    await this.daemon
  }

  /** Packets of a counter of the ruleset. */
  counter(name: string): number {
    const text = this.net.gateway.run('nft', '-j', 'list', 'counters', 'table', 'inet', 'clawgress')
    const { nftables } = JSON.parse(text) as { nftables: { counter?: { name: string; packets: number } }[] }
    return nftables.find((entry) => entry.counter?.name === name)!.counter!.packets
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopDaemon()
    for (const child of this.children) child.kill()
    this.net.dispose()
    rmSync(this.root, { recursive: true, force: true })
  }
}
