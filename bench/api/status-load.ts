import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Run in a gateway's namespace: `status-load.ts KEY RATE` asks the API for the status until its input ends, and prints
 * the milliseconds of each answer, with -1 for what was not answered, as JSON.
 */
const [key, rate] = process.argv.slice(2) as [string, string]
const agent = new Agent({ keepAlive: true, maxSockets: 32 })
const times: number[] = []
let isEnding = false
process.stdin.resume().once('end', () => {
  isEnding = true
})

function ask(): Promise<void> {
  const began = performance.now()
  return new Promise((resolve) => {
    const end = (isAnswered: boolean) => {
      times.push(isAnswered ? performance.now() - began : -1)
      resolve()
    }
    const options = { port: 8443, host: '127.0.0.1', path: '/clawgress/status', agent, headers: { 'x-api-key': key } }
    request(options, (response) => response.resume().once('end', () => end(response.statusCode === 200)))
      .once('error', () => end(false))
      .end()
  })
}

// At their times, whether the ones before were answered or not.
const start = performance.now()
const asked: Promise<void>[] = []
for (let count = 0; !isEnding; count++) {
  await sleep(Math.max(0, start + (count * 1000) / Number(rate) - performance.now()))
  asked.push(ask())
}
await Promise.all(asked)
agent.destroy()
process.stdout.write(JSON.stringify(times))
