import { AgentHandle } from './agent/handle.ts'
import { GatewayHandle } from './gateway.ts'
import { InternetHandle } from './internet/handle.ts'
import { namespaceExists } from './namespace.ts'
import { type AgentNumber, type LabPaths, labPaths, namespaceOf } from './topology.ts'
import { labDown, labUp } from './up.ts'

/** A lab that is up: what tests and the demo do with its nodes. Disposing of it takes it down. */
export class Lab implements AsyncDisposable {
  readonly paths: LabPaths
  readonly gateway: GatewayHandle
  readonly internet: InternetHandle
  private readonly agents: Readonly<Record<AgentNumber, AgentHandle>>

  private constructor(paths: LabPaths) {
    this.paths = paths
    this.gateway = new GatewayHandle(paths)
    this.internet = new InternetHandle(paths)
    this.agents = { 1: new AgentHandle(paths, 1), 2: new AgentHandle(paths, 2) }
  }

  /** Builds a lab, after removing what an earlier one of the name left behind. */
  static async up(name: string): Promise<Lab> {
    return new Lab(await labUp(name))
  }

  /** A lab that is already up. @throws Error where there is none */
  static attach(name: string): Lab {
    if (!namespaceExists(namespaceOf(name, 'gw'))) throw new Error(`no lab named ${name} is up`)
    return new Lab(labPaths(name))
  }

  agent(number: AgentNumber): AgentHandle {
    return this.agents[number]
  }

  /**
   * Runs configuration commands (`set …`, `delete …`) and `commit` in a session on the gateway.
   * @returns what the session printed. @throws Error with that text where a command or the commit was refused
   */
  commit(commands: readonly string[]): Promise<string> {
    return this.gateway.commit(commands)
  }

  async down(): Promise<void> {
    await labDown(this.paths.name)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.down()
  }
}
