import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type Layout, layoutBelow } from '../../../../src/base/layout.ts'
import { bindIds } from '../../../../src/dns/files/ownership.ts'
import {
  applyZones,
  awaitCanaries,
  installGeneration,
  namedCommand,
  prepareNamed,
  readState,
} from '../../../../src/dns/index.ts'
import { decodeMessage, encodeMessage, type Message, queryMessage } from '../../../../src/dns/message/index.ts'
import type { Plan } from '../../../../src/plan/types.ts'
import { enterNewNamespace } from './namespace.ts'
import { StandInPinner } from './stand-in-pinner.ts'

export interface Asked {
  readonly from?: string
  readonly dnssec?: boolean
  readonly checkingDisabled?: boolean
  readonly recursion?: boolean
}

/** A real named of ours in a namespace of its own, with a stand-in for the pinner behind it. */
export class DnsRig {
  readonly layout: Layout
  readonly namespace: string
  readonly pinner: StandInPinner
  readonly #leave: () => Promise<void>
  #named: ChildProcess | undefined

  private constructor(layout: Layout, namespace: string, pinner: StandInPinner, leave: () => Promise<void>) {
    this.layout = layout
    this.namespace = namespace
    this.pinner = pinner
    this.#leave = leave
  }

  static async open(): Promise<DnsRig> {
    const namespace = await enterNewNamespace()
    const folder = mkdtempSync('/var/cache/bind/clawgress-test-')
    chownSync(folder, 0, bindIds().gid)
    return new DnsRig(layoutBelow(folder, folder), namespace.name, await StandInPinner.start(), namespace.leave)
  }

  /** Prepares a plan and starts named with it; resolves when it is proven live. */
  async start(plan: Plan): Promise<void> {
    await prepareNamed(plan, this.layout)
    installGeneration(this.layout, plan.generation)
    await this.launch()
    await awaitCanaries(readState(this.layout, plan.generation))
  }

  /** Starts named with the files that are live, without waiting for anything. */
  async launch(): Promise<number> {
    const [program, ...args] = namedCommand(this.layout, 2)
    this.#named = spawn(program!, args, { stdio: 'ignore' })
    await new Promise((started, failed) => this.#named!.once('spawn', started).once('error', failed))
    return this.#named.pid!
  }

  /** Prepares a plan on top of `previous` and applies it to the running named. */
  async commit(plan: Plan, previous?: string) {
    await prepareNamed(plan, this.layout, previous === undefined ? {} : { previous })
    return applyZones(this.layout, plan.generation)
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const named = this.#named
    this.#named = undefined
    if (named === undefined || named.exitCode !== null || named.signalCode !== null) return
    const ended = new Promise((done) => named.once('exit', done))
    named.kill(signal)
    await ended
  }

  /** Asks the view that the source address selects; undefined after `timeout` ms. */
  async ask(name: string, type = 1, how: Asked = {}, timeout = 3_000): Promise<Message | undefined> {
    const socket = createSocket('udp4')
    const id = Math.floor(Math.random() * 65_536)
    const edns = { udpSize: 4096, version: 0, dnssecOk: how.dnssec === true, options: [] }
    const query = {
      ...queryMessage(id, { name, type }, edns),
      checkingDisabled: how.checkingDisabled === true,
      recursionDesired: how.recursion !== false,
    }
    try {
      await new Promise<void>((done) => socket.bind(0, how.from ?? '127.9.0.1', done))
      return await new Promise((resolve) => {
        const timer = setTimeout(() => resolve(undefined), timeout)
        socket.on('error', () => undefined)
        socket.on('message', (bytes) => {
          clearTimeout(timer)
          resolve(decodeMessage(bytes))
        })
        socket.send(encodeMessage(query), 5053, '127.0.0.1')
      })
    } finally {
      socket.close()
    }
  }

  /** `NOERROR 1`: response code and number of answers. */
  async result(name: string, type = 1, how: Asked = {}): Promise<string> {
    const answer = await this.ask(name, type, how)
    if (answer === undefined) return 'TIMEOUT'
    const code = { 0: 'NOERROR', 2: 'SERVFAIL', 3: 'NXDOMAIN', 5: 'REFUSED' }[answer.rcode] ?? String(answer.rcode)
    return code === 'NOERROR' ? `${code} ${answer.answers.length}` : code
  }

  log(): string {
    return readFileSync(`${this.layout.named}/log/named.log`, 'utf8')
  }

  async close(): Promise<void> {
    await this.kill('SIGTERM')
    await this.pinner.stop()
    await this.#leave()
    rmSync(this.layout.named, { recursive: true, force: true })
  }
}
