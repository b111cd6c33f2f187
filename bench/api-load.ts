import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/** Run in a gateway's namespace: `api-load.ts KEY RATE SECONDS`; prints the milliseconds of each answer as JSON. */
const [key, rate, seconds] = process.argv.slice(2) as [string, string, string]
const agent = new Agent({ keepAlive: true, maxSockets: 32 })
const times: number[] = []

function ask(): Promise<void> {
  const began = performance.now()
  return new Promise((resolve, reject) => {
    const options = { port: 8443, host: '127.0.0.1', path: '/clawgress/status', agent, headers: { 'x-api-key': key } }
    request(options, (response) => {
      response.resume().once('end', () => {
        if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`))
        times.push(performance.now() - began)
        resolve()
      })
    })
      .once('error', reject)
      .end()
  })
}

// At their times, whether the ones before were answered or not.
const total = Number(rate) * Number(seconds)
const start = performance.now()
const asked: Promise<void>[] = []
for (let count = 0; count < total; count++) {
  await sleep(Math.max(0, start + (count * 1000) / Number(rate) - performance.now()))
  asked.push(ask())
}
await Promise.all(asked)
agent.destroy()
process.stdout.write(JSON.stringify(times))
