import { labEnvironment } from '../enter.ts'
import { type Completed, runIn } from '../namespace.ts'
import { AGENTS, type AgentNumber, type LabPaths, namespaceOf } from '../topology.ts'
import { type DnsAnswer, readDig } from './dig.ts'
import type { Attempt, AttemptEvent } from './event.ts'
import { Probe } from './probe-process.ts'

/** What curl made of a URL. */
export interface Fetched {
  /** HTTP status; 0 where there was no answer. */
  readonly status: number
  /** curl's exit code: 6 no such name, 7 no connection, 28 timed out, 35 TLS broken (curl(1), EXIT CODES). */
  readonly exitCode: number
  readonly error: string
  /** The address that was connected to, if any. */
  readonly address: string
  readonly body: string
  readonly ms: number
}

export interface FetchOptions {
  readonly family?: 4 | 6
  /** Connects here instead of resolving the name. */
  readonly address?: string
  readonly timeoutMs?: number
}

export interface ResolveOptions {
  readonly type?: string
  /** Server to ask instead of the gateway. */
  readonly server?: string
  readonly tcp?: boolean
  readonly timeoutMs?: number
  /** More of dig's options, such as `+dnssec`. */
  readonly options?: readonly string[]
}

export class AgentHandle {
  readonly namespace: string
  readonly address4: string
  readonly address6: string
  readonly gateway4: string
  readonly gateway6: string
  private readonly paths: LabPaths

  constructor(paths: LabPaths, number: AgentNumber) {
    const agent = AGENTS[number]
    this.paths = paths
    this.namespace = namespaceOf(paths.name, agent.node)
    this.address4 = agent.v4
    this.address6 = agent.v6
    this.gateway4 = agent.gateway4
    this.gateway6 = agent.gateway6
  }

  exec(
    argv: readonly string[],
    options: { mayFail?: boolean; input?: string; timeoutMs?: number } = {},
  ): Promise<Completed> {
    return runIn(this.namespace, argv, {
      env: labEnvironment(this.paths),
      timeout: options.timeoutMs ?? 60_000,
      reject: options.mayFail !== true,
      ...(options.input === undefined ? { stdin: 'ignore' } : { input: options.input }),
    })
  }

  /** Fetches a URL with curl, which resolves through the gateway and trusts the lab's authority only. */
  async fetch(url: string, options: FetchOptions = {}): Promise<Fetched> {
    const { family, address, timeoutMs = 5000 } = options
    const target = address?.includes(':') ? `[${address}]` : address
    const { stdout } = await this.exec(
      [
        ...['curl', '--silent', '--no-keepalive', '--max-time', String(timeoutMs / 1000), '--write-out', '\n%{json}'],
        ...(family === undefined ? [] : [`-${family}`]),
        ...(target === undefined ? [] : ['--connect-to', `::${target}:`]),
        url,
      ],
      { mayFail: true },
    )
    const cut = stdout.lastIndexOf('\n')
    const report = JSON.parse(stdout.slice(cut + 1)) as Record<string, string | number | null>
    return {
      status: Number(report.http_code),
      exitCode: Number(report.exitcode),
      error: String(report.errormsg ?? ''),
      address: String(report.remote_ip ?? ''),
      body: stdout.slice(0, cut).trim(),
      ms: Math.round(Number(report.time_total) * 1000),
    }
  }

  /** Asks a question with dig, of the gateway unless told otherwise. */
  async resolve(name: string, options: ResolveOptions = {}): Promise<DnsAnswer> {
    const { type = 'A', server = this.gateway4, tcp = false, timeoutMs = 5000 } = options
    const limits = ['+tries=1', `+time=${Math.max(1, Math.round(timeoutMs / 1000))}`]
    const argv = [
      'dig',
      ...limits,
      ...(tcp ? ['+tcp'] : []),
      ...(options.options ?? []),
      `@${server}`,
      '-t',
      type,
      '-q',
      name,
    ]
    return readDig((await this.exec(argv, { mayFail: true })).stdout)
  }

  /** Opens one connection or sends one datagram. @returns what came of it and how long it took */
  async connect(address: string, port: number, protocol: Attempt['protocol'] = 'tcp'): Promise<AttemptEvent> {
    await using probe = this.hold([{ id: 'one', to: address, port, protocol, mode: 'once' }])
    return await probe.waitFor('one', ['held', 'refused', 'silent'])
  }

  /** Opens connections and keeps them open until the probe is disposed of. */
  hold(attempts: readonly Attempt[]): Probe {
    return new Probe(this.namespace, this.paths, attempts)
  }
}
