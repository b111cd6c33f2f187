// Runs inside an agent's namespace: JSON requests on standard input, one a line, JSON replies on standard output.
import { createInterface } from 'node:readline'
import { Hammer } from './hammer.ts'
import type { Request } from './messages.ts'
import { ask, tryConnect } from './network.ts'

let hammer: Hammer | undefined

function carryOut(request: Request): unknown {
  if (request.do === 'ask') return Promise.all(request.questions.map((question) => ask(question, request.timeoutMs)))
  if (request.do === 'connect')
    return Promise.all(request.targets.map((target) => tryConnect(target, request.timeoutMs)))
  if (request.do === 'rest') return hammer?.stop()
  hammer = new Hammer(request.hammering)
  return null
}

const input = createInterface({ input: process.stdin })
input.on('line', async (line) => {
  const request = JSON.parse(line) as Request
  process.stdout.write(`${JSON.stringify({ id: request.id, result: await carryOut(request) })}\n`)
})
input.once('close', () => process.exit(0))
