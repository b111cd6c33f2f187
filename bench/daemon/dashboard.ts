import { Agent, get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Run in a gateway's namespace: `dashboard.ts KEY` does what a browser with the dashboard open at a week does, asks for
 * metrics as Prometheus does, and once for everything else that takes room; until its input ends. Prints the
 * milliseconds of the rounds of counts as JSON.
 */
const [key] = process.argv.slice(2) as [string]
const STATUS_MS = 2_000
const COUNTS_MS = 10_000
/** So soon after a record the page reads the counts anew. */
const SOON_MS = 700
const METRICS_MS = 15_000
const WEEK = '/clawgress/telemetry?window=7d'
const COUNTS = [
  WEEK,
  '/clawgress/telemetry/series?window=7d',
  `${WEEK}&by=name`,
  `${WEEK}&by=client`,
  `${WEEK}&by=label&order=bytesDown&top=12`,
]

const agent = new Agent({ keepAlive: true, maxSockets: 8 })
const ending = new AbortController()
const { signal } = ending
process.stdin.resume().once('end', () => ending.abort())

function ask(path: string, onPart: () => void = () => {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { port: 8443, host: '127.0.0.1', path, agent, headers: { 'x-api-key': key }, signal }
    get(options, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => {
        onPart()
        if (text.length < 1 << 20) text += part
      })
      response.once('error', reject).once('end', () => {
        if (response.statusCode === 200) resolve(text)
        else reject(new Error(`${path}: status ${response.statusCode}`))
      })
    }).once('error', reject)
  })
}

let isNews = false
const rounds: number[] = []

async function counts(): Promise<void> {
  for (let last = -COUNTS_MS; !signal.aborted; await sleep(100)) {
    if (performance.now() - last < (isNews ? SOON_MS : COUNTS_MS)) continue
    isNews = false
    const began = performance.now()
    await Promise.all(COUNTS.map((path) => ask(path)))
    last = performance.now()
    rounds.push(last - began)
  }
}

async function every(milliseconds: number, path: string): Promise<void> {
  for (; !signal.aborted; await sleep(milliseconds, undefined, { signal })) await ask(path)
}

const page = await ask('/dashboard')
for (const [, name] of page.matchAll(/"(dashboard\/[^"]+)"/g)) await ask(`/${name}`)
for (const path of ['/dashboard/session', '/clawgress/openapi.json', '/clawgress/policy/versions']) await ask(path)
const endless = ask('/clawgress/records/stream', () => {
  isNews = true
})
await ask('/clawgress/records?limit=100')
const all = [endless, counts(), every(STATUS_MS, '/clawgress/status'), every(METRICS_MS, '/clawgress/metrics')]
try {
  await Promise.all(all)
} catch (error) {
  if (!signal.aborted) throw error
}
process.stdout.write(JSON.stringify(rounds), () => process.exit(0))
