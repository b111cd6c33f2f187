import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { inNamespace } from '../namespace.ts'
import { clawgressProgram } from '../process.ts'
import type { LabPaths } from '../topology.ts'
import type { Attempt, AttemptEvent } from './event.ts'

type Kind = AttemptEvent['event']

/** A running `lab-agent`, with what it told so far. */
export class Probe implements AsyncDisposable {
  readonly events: AttemptEvent[] = []
  private readonly child: ChildProcess
  private readonly waiting = new Set<() => void>()
  private readonly attempts: readonly Attempt[]

  constructor(namespace: string, paths: LabPaths, attempts: readonly Attempt[]) {
    this.attempts = attempts
    const argv = [...clawgressProgram(), 'lab-agent', JSON.stringify(attempts), join(paths.certificates, 'ca.pem')]
    const [program, args] = inNamespace(namespace, argv)
    this.child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.child.stdin!.on('error', () => undefined)
    createInterface({ input: this.child.stdout! }).on('line', (line) => {
      this.events.push(JSON.parse(line) as AttemptEvent)
      for (const check of [...this.waiting]) check()
    })
  }

  /** The first event of one of the kinds for the attempt, past or to come. @throws Error when none comes in time */
  waitFor(id: string, kinds: readonly Kind[], deadlineMs = 10_000, from = 0): Promise<AttemptEvent> {
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        this.waiting.delete(check)
        const told = this.events.filter((event) => event.id === id).map(({ event }) => event)
        reject(
          new Error(`connection ${id}: no ${kinds.join(' or ')} within ${deadlineMs} ms, only [${told.join(', ')}]`),
        )
      }, deadlineMs)
      const check = () => {
        const found = this.events.slice(from).find((event) => event.id === id && kinds.includes(event.event))
        if (found === undefined) return
        clearTimeout(limit)
        this.waiting.delete(check)
        resolve(found)
      }
      this.waiting.add(check)
      check()
    })
  }

  /** Waits until every connection is held. @throws Error where one is not */
  async allHeld(): Promise<void> {
    for (const { id } of this.attempts) {
      const event = await this.waitFor(id, ['held', 'refused', 'silent'])
      if (event.event !== 'held') throw new Error(`connection ${id} was not opened: ${event.event} ${event.code ?? ''}`)
    }
  }

  /** Octets that the connection has received by now. */
  async received(id: string): Promise<number> {
    const from = this.events.length
    this.child.stdin!.write('\n')
    return (await this.waitFor(id, ['beat'], 10_000, from)).received ?? 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const ended = once(this.child, 'exit')
    this.child.stdin!.end()
    this.child.kill('SIGTERM')
    await ended
  }
}
