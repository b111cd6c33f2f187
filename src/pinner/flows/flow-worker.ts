import { parentPort } from 'node:worker_threads'
import { type FlowRequest, readFlows } from './read-flows.ts'

export type WorkerReply = { readonly flows: Uint8Array } | { readonly error: string }

/** Main of the thread that reads the connection table, so that the DNS path never waits for it. */
export function runFlowWorker(): void {
  const port = parentPort
  if (port === null) throw new Error('this command is started by the pinner only')
  port.on('message', (request: FlowRequest) => {
    try {
      const flows = readFlows(request)
      port.postMessage({ flows } satisfies WorkerReply, [flows.buffer as ArrayBuffer])
    } catch (error) {
      port.postMessage({ error: error instanceof Error ? error.message : String(error) } satisfies WorkerReply)
    }
  })
}
