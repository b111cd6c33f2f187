import { setTimeout as sleep } from 'node:timers/promises'
import type { Answered, HammerCounts, Hammering } from './messages.ts'
import { ask, tryConnect } from './network.ts'

const DETAILS = 10
/** An agent's own patience with one question or one connection, milliseconds. */
const PATIENCE = 3000

/** Asks and connects in several lanes at once, as fast as answers come, until `stop`. */
export class Hammer {
  readonly #work: Hammering
  readonly #lanes: Promise<void>[]
  #stopped = false
  #turn = 0
  readonly #counts: HammerCounts = {
    allowedAnswers: 0,
    deniedAnswers: 0,
    changingAnswers: 0,
    connections: 0,
    unlistedAnswers: 0,
    unlistedConnections: 0,
    refusedFirst: 0,
    failedAllowed: 0,
    hangs: 0,
    slowestAnswerMs: 0,
    details: [],
  }

  constructor(work: Hammering) {
    this.#work = work
    this.#lanes = Array.from({ length: work.lanes }, () => this.#lane())
  }

  async stop(): Promise<HammerCounts> {
    this.#stopped = true
    await Promise.all(this.#lanes)
    return this.#counts
  }

  async #lane(): Promise<void> {
    const { allowed, denied, changing, deniedTargets } = this.#work
    const kinds = [
      ...(allowed.length > 0 ? [() => this.#askAllowed(), () => this.#askAllowed()] : []),
      ...(denied.length > 0 ? [() => this.#askDenied()] : []),
      ...(changing.length > 0 ? [() => this.#askChanging()] : []),
      ...(deniedTargets.length > 0 ? [() => this.#connectDenied()] : []),
    ]
    while (!this.#stopped) {
      await kinds[this.#turn++ % kinds.length]!()
      await sleep(this.#work.pauseMs)
    }
  }

  async #askAllowed(): Promise<void> {
    const counts = this.#counts
    const answer = await this.#ask(this.#work.allowed)
    if (answer.status !== 'NOERROR' || answer.addresses.length === 0) {
      counts.failedAllowed++
      return this.#note(answer)
    }
    counts.allowedAnswers++
    for (const { outcome, address } of await this.#connectAll(answer)) {
      if (outcome === 'open') continue
      counts.refusedFirst++
      this.#note({ ...answer, refused: address, outcome })
    }
  }

  async #askDenied(): Promise<void> {
    const counts = this.#counts
    const answer = await this.#ask(this.#work.denied)
    counts.deniedAnswers++
    if (answer.addresses.length === 0) return
    counts.unlistedAnswers++
    this.#note(answer)
  }

  async #askChanging(): Promise<void> {
    const answer = await this.#ask(this.#work.changing)
    this.#counts.changingAnswers++
    await this.#connectAll(answer)
  }

  async #connectDenied(): Promise<void> {
    const target = pick(this.#work.deniedTargets)
    const { outcome, ms } = await tryConnect(target, PATIENCE)
    this.#counts.connections++
    if (outcome === 'silent') this.#counts.hangs++
    if (outcome === 'refused') return
    if (outcome === 'open') this.#counts.unlistedConnections++
    this.#note({ ...target, outcome, ms })
  }

  async #ask(names: readonly string[]): Promise<Answered> {
    const { servers } = this.#work
    const type = Math.random() < 0.5 ? 'A' : 'AAAA'
    const answer = await ask({ name: pick(names), type, server: pick(servers) }, PATIENCE)
    const counts = this.#counts
    counts.slowestAnswerMs = Math.max(counts.slowestAnswerMs, Math.round(answer.ms))
    if (answer.status !== 'TIMEOUT') return answer
    counts.hangs++
    this.#note(answer)
    return answer
  }

  async #connectAll({ addresses }: Answered) {
    const { port } = this.#work
    const made = await Promise.all(addresses.map((address) => tryConnect({ address, port }, PATIENCE)))
    this.#counts.connections += made.length
    this.#counts.hangs += made.filter(({ outcome }) => outcome === 'silent').length
    return made
  }

  #note(what: object): void {
    const { details } = this.#counts
    if (details.length < DETAILS) details.push(`${new Date().toISOString()} ${JSON.stringify(what)}`)
  }
}

const pick = <Value>(values: readonly Value[]): Value => values[Math.floor(Math.random() * values.length)]!
