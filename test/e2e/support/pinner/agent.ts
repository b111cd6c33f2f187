import type { ChildProcess } from 'node:child_process'
import { until } from '../../../../src/standalone/lab/until.ts'
import type { FirstConnect, FirstConnectResult, FlowEvent } from './agent-process.ts'

/** A process in an agent's namespace that resolves and connects. */
export class Agent {
  readonly events: FlowEvent[] = []
  private readonly child: ChildProcess
  private next = 1

  constructor(child: ChildProcess) {
    this.child = child
    child.setMaxListeners(0)
    child.on('message', (message: FlowEvent) => {
      if ('event' in message) this.events.push(message)
    })
  }

  /** Resolves each name and connects to every address of the answer at once. */
  async firstConnect(task: Omit<FirstConnect, 'task' | 'id'>): Promise<FirstConnectResult> {
    const id = this.next++
    this.child.send({ ...task, task: 'first-connect', id })
    return await new Promise((resolve) => {
      const take = (message: FirstConnectResult) => {
        if (message.id !== id) return
        this.child.off('message', take)
        resolve(message)
      }
      this.child.on('message', take)
    })
  }

  /** Opens a connection and keeps it; resolves when it stands. */
  async open(address: string, port = 443): Promise<number> {
    const id = this.next++
    this.child.send({ task: 'open', id, address, port })
    await until(`a connection to ${address}`, 15_000, () => this.events.find((event) => event.id === id))
    return id
  }

  ended(id: number): FlowEvent | undefined {
    return this.events.find((event) => event.id === id && event.event === 'ended')
  }
}
