import { setTimeout as sleep } from 'node:timers/promises'
import type { Lab } from '../src/standalone/lab/lab.ts'
import { API, askStatus, type Curl, withApi } from './api/session.ts'
import { importText } from './commits.ts'
import { policyText } from './policies.ts'
import { median, milliseconds, type Row, timed } from './row.ts'

const NAMES = 1_000
export const STATUS_RATE = 200
export const STATUS_LIMIT_MS = 20
const SECONDS = 10

/** Policies posted to the API, and its status under load; curl's own start is part of every post. */
export async function* benchApi(lab: Lab): AsyncGenerator<Row> {
  await importText(lab, policyText(NAMES, 0, 0))
  yield* withApi(lab, async function* (curl) {
    yield await posts(lab, curl)
    yield await load(lab)
  })
}

async function posts(lab: Lab, curl: Curl): Promise<Row> {
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
  const asking = askStatus(lab, STATUS_RATE)
  await sleep(SECONDS * 1_000)
  const { middle, p99, worst, count, lost } = await asking.end()
  return {
    work: `GET /clawgress/status, ${STATUS_RATE} requests a second (p50, p99, worst)`,
    measured: [middle, p99, worst].map(milliseconds).join(', '),
    compared: `${count} requests; not answered: ${lost}`,
    budget: `${STATUS_LIMIT_MS} ms`,
    met: p99 <= STATUS_LIMIT_MS && lost === 0,
  }
}
