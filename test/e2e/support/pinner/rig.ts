import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import koffi from 'koffi'
import { type Layout, layoutBelow, runtimePaths } from '../../../../src/base/layout.ts'
import { ownCommand } from '../../../../src/base/own-command.ts'
import {
  applyZones,
  awaitCanaries,
  flushNames,
  installGeneration,
  namedPaths,
  prepareNamed,
  readState,
  viewName,
} from '../../../../src/dns/index.ts'
import { type Message, queryMessage, TYPE } from '../../../../src/dns/message/index.ts'
import { applyRuleset, liveRuleset, nextMark, printRuleset, readLiveObjects } from '../../../../src/firewall/index.ts'
import { PinnerClient } from '../../../../src/pinner/control-client.ts'
import { compilePlan, writePlan } from '../../../../src/plan/index.ts'
import type { NameServer, Plan, PlanSettings } from '../../../../src/plan/types.ts'
import { parsePolicy } from '../../../../src/policy/index.ts'
import { until } from '../../../../src/standalone/lab/until.ts'
import { CLIENT_NETWORKS, firewallPlan } from '../firewall-plan.ts'
import { Topology } from '../netns.ts'
import { Agent } from './agent.ts'
import { EDNS, exchange, exchangeTogether, type Way } from './question.ts'

const CLONE_NEWNET = 0x40000000
const libc = koffi.load('libc.so.6')
const setns = libc.func('int setns(int fd, int kind)')

function enter(path: string): void {
  const fd = openSync(path, 'r')
  const result = setns(fd, CLONE_NEWNET)
  closeSync(fd)
  if (result !== 0) throw new Error(`cannot enter ${path}`)
}

export const NAME_SERVER: NameServer = { address: '127.77.0.1', port: 53 }

const TO_NAMED: Way = { to: '127.0.0.1', port: 5053, from: '127.9.0.1' }
const TO_PINNER: Way = { to: '127.53.0.1', port: 5301, from: '127.0.0.1' }

const script = (name: string) => fileURLToPath(new URL(`./${name}`, import.meta.url))

/**
 * A gateway with the real named, the real pinner process and the real ruleset, between two agents and an internet (see
 * `Topology`). The test's own thread is inside the gateway's namespace while the rig is open.
 */
export class PinnerRig {
  readonly topology = new Topology()
  readonly layout: Layout
  readonly pinner: PinnerClient
  private readonly home = openSync('/proc/thread-self/ns/net', 'r')
  private readonly children = new Set<ChildProcess>()
  private named: ChildProcess | undefined
  private pinnerProcess: ChildProcess | undefined
  private anchors = ''

  private constructor() {
    enter(`/run/netns/${this.topology.gateway.name}`)
    const root = mkdtempSync('/var/cache/bind/clawgress-test-')
    chmodSync(root, 0o755)
    this.layout = layoutBelow(root, join(root, 'named'))
    mkdirSync(this.layout.run, { recursive: true })
    this.pinner = new PinnerClient(runtimePaths(this.layout).pinnerSocket)
  }

  static open(): PinnerRig {
    return new PinnerRig()
  }

  plan(policy: object, settings: Partial<PlanSettings> = {}): Plan {
    const { policy: parsed } = parsePolicy(Buffer.from(JSON.stringify(policy)))
    const base = firewallPlan().settings
    return compilePlan(parsed, { ...base, nameServers: [NAME_SERVER], pinSlack: 30, ...settings }, {})
  }

  folder(plan: Plan): string {
    return join(runtimePaths(this.layout).generations, plan.generation)
  }

  async write(plan: Plan, previous?: Plan): Promise<string> {
    const folder = this.folder(plan)
    rmSync(folder, { recursive: true, force: true })
    writePlan(plan, join(folder, 'plan'))
    await prepareNamed(plan, this.layout, previous === undefined ? {} : { previous: previous.generation })
    const conf = join(namedPaths(this.layout).generation(plan.generation), 'named.conf')
    // The scripted name-servers have no signed root; what is to be validated gets an anchor of its own.
    const text = readFileSync(conf, 'utf8').replace(
      'dnssec-validation auto;',
      `dnssec-validation yes;\n${this.anchors}`,
    )
    writeFileSync(conf, text)
    return folder
  }

  async loadRuleset(plan: Plan, change = (text: string) => text): Promise<void> {
    const mark = nextMark(plan.settings.markMask, liveRuleset().mark)
    await applyRuleset(change(printRuleset(plan, { mark, live: readLiveObjects(), networks: CLIENT_NETWORKS })))
  }

  /** Everything up with a plan, from nothing. `anchors`: trust anchors for the resolver view, named.conf statements. */
  async start(plan: Plan, anchors = ''): Promise<void> {
    this.anchors = anchors
    await this.write(plan)
    installGeneration(this.layout, plan.generation)
    await this.loadRuleset(plan)
    await this.startNamed()
    await this.startPinner()
    await this.pinner.load(this.folder(plan))
    await awaitCanaries(readState(this.layout, plan.generation))
  }

  async startNamed(): Promise<void> {
    const args = ['-u', 'bind', '-f', '-n', '2', '-c', join(this.layout.named, 'named.conf')]
    this.named = this.spawn('named', args, 'ignore')
    await until('named answers', 15_000, async () => this.ask('not-listed.invalid', TYPE.A, 200))
  }

  async stopNamed(): Promise<void> {
    await this.end(this.named!, 'SIGKILL')
  }

  async startPinner(environment: Record<string, string> = {}): Promise<void> {
    const [program, ...args] = ownCommand('pinner')
    const quiet = { CLAWGRESS_LOG_LEVEL: 'warn' }
    const env = {
      ...process.env,
      ...quiet,
      CLAWGRESS_ROOT: this.layout.root,
      CLAWGRESS_NAMED_DIR: this.layout.named,
      ...environment,
    }
    this.pinnerProcess = this.spawn(program!, args, 'inherit', env)
    await until('the pinner answers', 15_000, () => this.pinner.status().catch(() => undefined))
  }

  async killPinner(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.end(this.pinnerProcess!, signal)
  }

  /** The order of conf mode: pinner, kernel, pinner, named, cache. */
  async commit(plan: Plan, previous: Plan) {
    await this.write(plan, previous)
    await this.pinner.stage(this.folder(plan))
    await this.loadRuleset(plan)
    const activated = await this.pinner.activate()
    await applyZones(this.layout, plan.generation)
    for (const { id, names } of activated.flush) await flushNames(this.layout, viewName(id), names)
    return activated
  }

  async flush(): Promise<void> {
    await flushNames(this.layout, viewName(0), 'all')
  }

  /** Asks the default group's view; undefined where nothing comes within `ms`. */
  async ask(
    name: string,
    type: number = TYPE.A,
    ms = 4_000,
    flags: Partial<Message> = {},
  ): Promise<Message | undefined> {
    return await exchange({ ...queryMessage(1, { name, type }, EDNS), ...flags }, TO_NAMED, ms)
  }

  /** Asks the pinner as the default group's view does. */
  async askPinner(name: string, type: number = TYPE.A, flags: Partial<Message> = {}): Promise<Message | undefined> {
    return await exchange({ ...queryMessage(1, { name, type }, EDNS), ...flags }, TO_PINNER, 4_000)
  }

  /** Asks the pinner for addresses of many names in one burst, and waits for all answers. */
  async askPinnerTogether(names: readonly string[]): Promise<(Message | undefined)[]> {
    const queries = names.map((name, i) => queryMessage(i, { name, type: TYPE.A }, EDNS))
    return await exchangeTogether(queries, TO_PINNER, 4_000)
  }

  /** A process in an agent's namespace. */
  async agent(which: 'client1' | 'client2' = 'client1'): Promise<Agent> {
    return new Agent(await this.inNamespace(this.topology[which].name, 'agent-process.ts'))
  }

  /** Lets the internet accept connections on ports 443 and 8443 of each of its addresses. */
  async internet(): Promise<void> {
    await this.inNamespace(this.topology.internet.name, 'listen-everywhere.ts')
  }

  async close(): Promise<void> {
    for (const child of this.children) child.kill('SIGKILL')
    const result = setns(this.home, CLONE_NEWNET)
    closeSync(this.home)
    this.topology.dispose()
    rmSync(this.layout.root, { recursive: true, force: true })
    if (result !== 0) process.exit(70)
  }

  private async inNamespace(name: string, file: string): Promise<ChildProcess> {
    const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
    const words = ['netns', 'exec', name, process.execPath, '--import', tsx, script(file)]
    const child = spawn('ip', words, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    this.children.add(child)
    await once(child, 'message')
    return child
  }

  private spawn(
    program: string,
    args: readonly string[],
    errors: 'ignore' | 'inherit',
    env = process.env,
  ): ChildProcess {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', errors], env })
    this.children.add(child)
    return child
  }

  private async end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
    this.children.delete(child)
  }
}
