import type { Attempt, AttemptEvent } from '../lab/agent/event.ts'
import type { Probe } from '../lab/agent/probe-process.ts'
import type { InternetEvent } from '../lab/internet/event.ts'
import type { Lab } from '../lab/lab.ts'
import type { AgentNumber } from '../lab/topology.ts'

/** A connection that is open while the policy changes. */
export interface HeldConnection {
  readonly what: string
  readonly agent: AgentNumber
  readonly expected: 'reset' | 'survives'
  readonly attempt: Attempt
}

/** What became of it. Milliseconds are counted from the moment the import was entered. */
export interface HeldOutcome {
  readonly connection: HeldConnection
  readonly agentEnd: string
  readonly serverEnd: string
  readonly asExpected: boolean
  /** Of the later end. */
  readonly ms?: number
}

const REMOVED = 'api.anthropic.com'
const KEPT = 'api.openai.com'
/** Both ends must know within this time after the command is done. */
const RESET_MS = 500

const MODES = { push: 'server sends', echo: 'both send', idle: 'nobody sends', once: 'closed at once' } as const

function held(
  agent: AgentNumber,
  name: string,
  family: 4 | 6,
  mode: Attempt['mode'],
  protocol: 'tls' | 'udp' = 'tls',
): HeldConnection {
  return {
    what: `agent ${agent}, ${name}, ${protocol === 'udp' ? 'UDP' : 'TLS'}, IPv${family}, ${MODES[mode]}`,
    agent,
    expected: name === REMOVED ? 'reset' : 'survives',
    attempt: { id: `${name} ${family} ${mode} ${protocol}`, to: name, port: 443, protocol, family, mode },
  }
}

export const HELD_CONNECTIONS: readonly HeldConnection[] = [
  held(1, REMOVED, 4, 'push'),
  held(1, REMOVED, 6, 'idle'),
  held(2, REMOVED, 4, 'idle'),
  held(2, REMOVED, 6, 'echo'),
  held(2, REMOVED, 4, 'echo', 'udp'),
  held(1, KEPT, 4, 'idle'),
  held(1, KEPT, 6, 'push'),
  held(2, KEPT, 4, 'echo'),
  held(2, KEPT, 6, 'echo', 'udp'),
]

/** The connections of both agents, open. */
export class HeldConnections implements AsyncDisposable {
  private readonly lab: Lab
  private readonly probes: Readonly<Record<AgentNumber, Probe>>

  constructor(lab: Lab) {
    this.lab = lab
    const probe = (agent: AgentNumber) =>
      lab.agent(agent).hold(HELD_CONNECTIONS.filter((one) => one.agent === agent).map(({ attempt }) => attempt))
    this.probes = { 1: probe(1), 2: probe(2) }
  }

  /** @throws Error where one cannot be opened */
  async open(): Promise<void> {
    await Promise.all(Object.values(this.probes).map((probe) => probe.allHeld()))
  }

  /**
   * What became of each connection.
   * @param entered when the command was entered, in milliseconds since the epoch
   * @param done when its prompt was back
   */
  async outcomes(entered: number, done: number): Promise<HeldOutcome[]> {
    const outcomes: HeldOutcome[] = []
    for (const connection of HELD_CONNECTIONS) {
      outcomes.push(
        connection.expected === 'reset'
          ? await this.resetOutcome(connection, entered, done)
          : await this.survivalOutcome(connection),
      )
    }
    return outcomes
  }

  private async resetOutcome(connection: HeldConnection, entered: number, done: number): Promise<HeldOutcome> {
    const { attempt } = connection
    const left = Math.max(0, done + RESET_MS - Date.now())
    const ended = await this.probes[connection.agent]
      .waitFor(attempt.id, ['reset', 'closed'], left)
      .catch(() => undefined)
    if (ended === undefined) return { connection, agentEnd: 'still open', serverEnd: '', asExpected: false }
    const agentMs = ended.at - entered
    const agentEnd = `${ended.event === 'reset' ? describe(ended.code) : 'closed'} ${agentMs} ms`
    if (attempt.protocol === 'udp') {
      return { connection, agentEnd, serverEnd: 'has no end', asExpected: ended.event === 'reset', ms: agentMs }
    }
    const seen = await this.serverEnd(connection, done)
    if (seen === undefined) return { connection, agentEnd, serverEnd: 'still open', asExpected: false }
    const serverMs = seen.at - entered
    return {
      connection,
      agentEnd,
      serverEnd: `${seen.event} ${serverMs} ms`,
      asExpected: ended.event === 'reset' && seen.event === 'reset',
      ms: Math.max(agentMs, serverMs),
    }
  }

  private async serverEnd(connection: HeldConnection, done: number): Promise<InternetEvent | undefined> {
    for (;;) {
      const found = (await this.atServer(connection)).find(({ event }) => event === 'reset' || event === 'close')
      if (found !== undefined || Date.now() > done + RESET_MS) return found
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  private async survivalOutcome(connection: HeldConnection): Promise<HeldOutcome> {
    const { attempt } = connection
    const probe = this.probes[connection.agent]
    const over = () =>
      probe.events.find(({ id, event }) => id === attempt.id && (event === 'reset' || event === 'closed'))
    const moves = attempt.mode === 'idle' || (await flows(probe, attempt.id, over))
    const ended = over()
    const closedThere = (await this.atServer(connection)).some(({ event }) => event === 'reset' || event === 'close')
    return {
      connection,
      agentEnd: ended === undefined ? (moves ? 'open' : 'stuck') : describe(ended.code),
      serverEnd: attempt.protocol === 'udp' ? 'has no end' : closedThere ? 'closed' : 'open',
      asExpected: ended === undefined && moves && !closedThere,
    }
  }

  /** What the server saw of the connection. */
  private async atServer({ agent, attempt }: HeldConnection): Promise<InternetEvent[]> {
    const opened = this.probes[agent].events.find(({ id, event }) => id === attempt.id && event === 'held')
    const { address4, address6 } = this.lab.agent(agent)
    const remote = attempt.family === 6 ? address6 : address4
    const seen = await this.lab.internet.seen()
    return seen.filter(
      (event) => event.remote === remote && event.remotePort === opened?.localPort && event.local === opened?.address,
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Object.values(this.probes).map((probe) => probe[Symbol.asyncDispose]()))
  }
}

/** Does more arrive within a second? */
async function flows(probe: Probe, id: string, over: () => AttemptEvent | undefined): Promise<boolean> {
  const before = await probe.received(id)
  const deadline = Date.now() + 1000
  while (Date.now() < deadline && over() === undefined) {
    if ((await probe.received(id)) > before) return true
  }
  return false
}

const describe = (code: string | undefined) =>
  code === 'EHOSTUNREACH' || code === 'EACCES'
    ? 'ICMP: prohibited'
    : code === 'ECONNRESET'
      ? 'reset'
      : `reset (${code})`
