import { join } from 'node:path'
import { assetsRoot } from '../src/base/assets.ts'
import type { Lab } from '../src/standalone/lab/lab.ts'
import { until } from '../src/standalone/lab/until.ts'
import { importText } from './commits.ts'
import { policyText } from './policies.ts'
import { median, milliseconds, quantile, type Row, timed } from './row.ts'

const KEY = 'bench-0123456789abcdef0123456789'
const NAMES = 1_000
const RATE = 200
const SECONDS = 10
const API = 'http://127.0.0.1:8443/clawgress'

/** Policies posted to the API, and its status under load; curl's own start is part of every post. */
export async function* benchApi(lab: Lab): AsyncGenerator<Row> {
  await importText(lab, policyText(NAMES, 0, 0))
  await lab.commit([
    'set service clawgress api listen-address 127.0.0.1',
    `set service clawgress api key id bench key ${KEY}`,
    'set service clawgress api key id bench role admin',
  ])
  const curl = (words: readonly string[]) =>
    lab.gateway.exec(['curl', '-sf', '-H', `X-API-Key: ${KEY}`, ...words], { mayFail: true })
  await until('the API answers', 10_000, async () => (await curl([`${API}/status`])).exitCode === 0)
  try {
    yield await posts(lab, curl)
    yield await load(lab)
  } finally {
    await lab.commit(['delete service clawgress api'])
  }
}

async function posts(lab: Lab, curl: (words: readonly string[]) => Promise<{ exitCode?: number }>): Promise<Row> {
  const times: number[] = []
  for (let salt = 1; salt <= 5; salt++) {
    await lab.gateway.write('/config/posted.json', policyText(NAMES, 10, salt))
    const body = `@${lab.gateway.file('/config/posted.json')}`
    const [time, { exitCode }] = await timed(() =>
      curl(['-H', 'Content-Type: application/json', '--data-binary', body, `${API}/policy`]),
    )
    if (exitCode !== 0) throw new Error('the API refused a policy')
    times.push(time)
  }
  return {
    work: 'POST /clawgress/policy of 1,000 domains, 10 of them changed, proven live (median of 5, worst)',
    measured: `${milliseconds(median(times))}, ${milliseconds(Math.max(...times))}`,
    compared: 'a process of root is started for each',
    budget: '1 s',
    met: median(times) <= 1_000,
  }
}

async function load(lab: Lab): Promise<Row> {
  const script = join(assetsRoot(), 'bench', 'api-load.ts')
  const { stdout } = await lab.gateway.exec(
    [process.execPath, '--import', 'tsx', script, KEY, String(RATE), String(SECONDS)],
    { timeoutMs: 60_000 },
  )
  const times = JSON.parse(stdout) as number[]
  const p99 = quantile(times, 0.99)
  return {
    work: `GET /clawgress/status, ${RATE} requests a second (p50, p99)`,
    measured: `${milliseconds(median(times))}, ${milliseconds(p99)}`,
    compared: `${times.length} requests in ${SECONDS} s`,
    budget: '20 ms',
    met: p99 <= 20,
  }
}
