import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { ownProgram } from '../../base/own-command.ts'
import type { Counters } from '../metrics.ts'
import type { WorkerReply } from './flow-worker.ts'
import { type FlowRequest, readFlows } from './read-flows.ts'

export const FLOW_WORKER_COMMAND = 'pinner-flows'

/** Reads the connection table in a thread of this same program; where the thread fails, on the spot. */
export class FlowReader {
  private readonly counters: Counters
  private worker: Worker | undefined
  private last: Promise<unknown> = Promise.resolve()

  constructor(counters: Counters) {
    this.counters = counters
  }

  /** One request after the other; resolves with packed flows. Rejects with ClawgressError. */
  read(request: FlowRequest): Promise<Uint8Array> {
    const result = this.last.then(async () => {
      try {
        return await this.ask(request)
      } catch {
        this.counters.flowThreadTrouble++
        this.close()
        return readFlows(request)
      }
    })
    // The caller hears of it; the next request has its turn all the same.
    this.last = result.catch(() => undefined)
    return result
  }

  /** Starts the thread ahead of its first use. */
  start(): Worker {
    if (this.worker !== undefined) return this.worker
    const worker = openThread()
    worker.unref()
    worker.on('error', () => this.forget(worker))
    worker.on('exit', () => this.forget(worker))
    this.worker = worker
    return worker
  }

  close(): void {
    void this.worker?.terminate()
    this.worker = undefined
  }

  private forget(worker: Worker): void {
    if (this.worker === worker) this.worker = undefined
  }

  private ask(request: FlowRequest): Promise<Uint8Array> {
    const worker = this.start()
    return new Promise((resolve, reject) => {
      const onMessage = (reply: WorkerReply) => {
        stop()
        if ('flows' in reply) resolve(reply.flows)
        else reject(new Error(reply.error))
      }
      const onEnd = () => {
        stop()
        reject(new Error('the thread that reads flows has ended'))
      }
      const stop = () => {
        worker.off('message', onMessage)
        worker.off('exit', onEnd)
        worker.off('error', onEnd)
      }
      worker.on('message', onMessage)
      worker.on('exit', onEnd)
      worker.on('error', onEnd)
      worker.postMessage(request)
    })
  }
}

/** A thread that runs this same program. Node loads no TypeScript in threads, so the sources bring their loader along. */
function openThread(): Worker {
  const { script } = ownProgram()
  if (!script.endsWith('.ts')) return new Worker(script, { argv: [FLOW_WORKER_COMMAND] })
  const loader = import.meta.resolve('tsx/esm/api')
  const code = `import { register } from ${JSON.stringify(loader)}
    process.argv.splice(1, 9, ${JSON.stringify(script)}, ${JSON.stringify(FLOW_WORKER_COMMAND)})
    register()
    await import(${JSON.stringify(pathToFileURL(script).href)})`
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`))
}
