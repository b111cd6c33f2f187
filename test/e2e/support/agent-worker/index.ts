import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { assetsRoot } from '../../../../src/base/assets.ts'
import type { AgentHandle } from '../../../../src/standalone/lab/agent/handle.ts'
import { inNamespace } from '../../../../src/standalone/lab/namespace.ts'
import type { Answered, Asked, Connected, HammerCounts, Hammering, Reply, Request, Target } from './messages.ts'

export type { Answered, Asked, Connected, HammerCounts, Hammering, Target }

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url))

type Wish = Request extends infer Each ? (Each extends Request ? Omit<Each, 'id'> : never) : never

/** One process inside an agent's namespace that asks and connects thousands of times, where dig and curl are slow. */
export class AgentWorker implements AsyncDisposable {
  readonly servers: readonly [string, string]
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (result: unknown) => void>()
  #next = 0

  constructor(agent: AgentHandle) {
    this.servers = [agent.gateway4, agent.gateway6]
    const [program, args] = inNamespace(agent.namespace, [process.execPath, '--import', 'tsx', MAIN])
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], cwd: assetsRoot() })
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      const { id, result } = JSON.parse(line) as Reply
      this.#waiting.get(id)?.(result)
      this.#waiting.delete(id)
    })
  }

  /** Asks for both families of every name, one over each family of the gateway's resolver. */
  ask(names: readonly string[], timeoutMs = 3000): Promise<Answered[]> {
    const [server4, server6] = this.servers
    const questions = names.flatMap((name) => [
      { name, type: 'A' as const, server: server6 },
      { name, type: 'AAAA' as const, server: server4 },
    ])
    return this.query(questions, timeoutMs)
  }

  /** Asks each question once, all at the same time. */
  query(questions: readonly Asked[], timeoutMs = 3000): Promise<Answered[]> {
    return this.#request({ do: 'ask', questions, timeoutMs }) as Promise<Answered[]>
  }

  connect(targets: readonly Target[], timeoutMs = 3000): Promise<Connected[]> {
    return this.#request({ do: 'connect', targets, timeoutMs }) as Promise<Connected[]>
  }

  async hammer(hammering: Omit<Hammering, 'servers'>): Promise<void> {
    await this.#request({ do: 'hammer', hammering: { ...hammering, servers: this.servers } })
  }

  /** Stops hammering. */
  rest(): Promise<HammerCounts> {
    return this.#request({ do: 'rest' }) as Promise<HammerCounts>
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.stdin!.end()
    await ended
  }

  #request(wish: Wish): Promise<unknown> {
    const id = this.#next++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, resolve)
      this.#child.stdin!.write(`${JSON.stringify({ ...wish, id })}\n`, (error) => error && reject(error))
    })
  }
}
