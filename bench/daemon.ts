import { appendFileSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Layout, runtimePaths } from '../src/base/layout.ts'
import { askTelemetry } from '../src/daemon/query-socket.ts'
import { DIMENSION_LIMITS } from '../src/daemon/telemetry/measures.ts'
import { services } from '../src/services/index.ts'
import type { Lab } from '../src/standalone/lab/lab.ts'
import { until } from '../src/standalone/lab/until.ts'
import { CACHED, type Perf, perf, questionsFrom } from './answers.ts'
import { apiAnswers, askStatus, type Curl, visit, withApi } from './api/session.ts'
import { STATUS_LIMIT_MS, STATUS_RATE } from './api.ts'
import { importText } from './commits.ts'
import { clientAt, deniedName, fillStore } from './daemon/full-week.ts'
import { policyText, poolName } from './policies.ts'
import { grouped, median, milliseconds, type Row } from './row.ts'

const UNIT = 'clawgressd'
const LIMIT_MB = 200
/** Denied names a second, as the pinner writes them down, until every name that is counted was seen. */
const RATE = 5_000
const BATCH_MS = 100
/** A program that has just started has the processor to itself no longer. */
const STARTED_MS = 3_000
/** Steps of a minute close while it settles, with all those names in them. */
const SETTLE_MS = 75_000
/** Policies that follow one another faster than the Plans before them are forgotten. */
const CHANGES = 3
const WEEK_READ_MS = 30_000
const ROUNDS = 6

/** Answers from the cache with the daemon at work and without. */
export async function* benchBeside(lab: Lab): AsyncGenerator<Row> {
  yield* withApi(lab, async function* () {
    yield await questionsWithDaemon(lab)
  })
}

/** The daemon's memory and answers with a full week behind it, and everything on that it serves. */
export const benchDaemon = (lab: Lab): AsyncGenerator<Row> => withApi(lab, (curl) => fullWeek(lab, curl))

async function questionsWithDaemon(lab: Lab): Promise<Row> {
  const pool = Array.from({ length: CACHED }, (_, i) => poolName(i))
  await importText(lab, policyText(0, 0, 0, pool))
  const questions = questionsFrom(0, CACHED)
  await perf(lab, questions, ['-n', '1', '-q', '50'])
  const seen = { on: [] as Perf[], off: [] as Perf[] }
  const units = services(lab.gateway.layout)
  for (let round = 0; round < ROUNDS; round++)
    // Each is first in turn, because what else the machine does changes slowly.
    for (const state of round % 2 === 0 ? (['off', 'on'] as const) : (['on', 'off'] as const)) {
      await (state === 'on' ? units.ensure(UNIT) : units.stop(UNIT))
      await sleep(STARTED_MS)
      seen[state].push(await perf(lab, questions, ['-l', '3', '-c', '20', '-q', '100']))
    }
  await units.ensure(UNIT)
  const [on, off] = [seen.on, seen.off].map((each) => median(each.map(({ rate }) => rate))) as [number, number]
  return {
    work: `cache hits a second with the daemon on (median of ${ROUNDS})`,
    measured: grouped(on),
    compared: `daemon off: ${grouped(off)}`,
    ratio: on / off,
  }
}

/** The daemon's memory while policies of so many names follow one another. */
export async function* benchPlans(lab: Lab, count: number): AsyncGenerator<Row> {
  const { layout } = lab.gateway
  const units = services(layout)
  await importText(lab, policyText(count))
  await units.stop(UNIT)
  await units.ensure(UNIT)
  const pid = await daemonPid(units)
  await sleep(STARTED_MS)
  const one = memoryMiB(pid, 'VmRSS')
  for (let salt = 1; salt <= CHANGES; salt++) await importText(lab, policyText(count, 1_000, salt))
  await sleep(STARTED_MS)
  yield {
    work: `memory of the daemon with a policy of ${grouped(count)} names, most at any time of ${CHANGES} changes`,
    measured: `${memoryMiB(pid, 'VmHWM').toFixed(0)} MiB`,
    compared: `before them: ${one.toFixed(0)} MiB; afterwards: ${memoryMiB(pid, 'VmRSS').toFixed(0)} MiB`,
  }
}

async function daemonPid(units: ReturnType<typeof services>): Promise<number> {
  return (await units.status()).find(({ name }) => name === UNIT)!.pid!
}

async function* fullWeek(lab: Lab, curl: Curl): AsyncGenerator<Row> {
  const { layout } = lab.gateway
  const units = services(layout)
  await units.stop(UNIT)
  fillStore(layout)
  await units.ensure(UNIT)
  const pid = await daemonPid(units)
  await until('the week is read', WEEK_READ_MS, async () => {
    return (await askTelemetry(layout, { window: '7d', by: 'name' })).isLoading === undefined
  })
  const loaded = memoryMiB(pid, 'VmRSS')
  await apiAnswers(curl)
  const dashboard = visit(lab, new URL('daemon/dashboard.ts', import.meta.url))
  const asking = askStatus(lab, STATUS_RATE)
  await sleep(STARTED_MS)
  await deny(layout)
  await sleep(SETTLE_MS)
  const { middle, p99, worst, count, lost } = await asking.end()
  const rounds = JSON.parse(await dashboard.end()) as number[]
  const peak = memoryMiB(pid, 'VmHWM')
  const clients = grouped(DIMENSION_LIMITS.client)
  const names = grouped(DIMENSION_LIMITS.name)
  yield {
    work: `memory of the daemon with API, dashboard and why page, most at any time: a full week of ${clients} clients and ${names} names, ${grouped(RATE)} denials a second on top`,
    measured: `${peak.toFixed(0)} MiB`,
    compared: `the week alone: ${loaded.toFixed(0)} MiB; afterwards: ${memoryMiB(pid, 'VmRSS').toFixed(0)} MiB`,
    budget: `${LIMIT_MB} MB`,
    met: peak * 1.048576 <= LIMIT_MB,
  }
  yield {
    work: `GET /clawgress/status, ${STATUS_RATE} requests a second meanwhile (p50, p99, worst)`,
    measured: [middle, p99, worst].map(milliseconds).join(', '),
    compared: `${grouped(count)} requests; not answered: ${lost}`,
    budget: `${STATUS_LIMIT_MS} ms`,
    met: p99 <= STATUS_LIMIT_MS && lost === 0,
  }
  yield {
    work: 'the counts of a week for the dashboard meanwhile (p50, worst)',
    measured: `${milliseconds(median(rounds))}, ${milliseconds(Math.max(...rounds))}`,
    compared: `${rounds.length} rounds of five questions at once`,
  }
}

/** Each name once, at an even pace. */
async function deny(layout: Layout): Promise<void> {
  const path = runtimePaths(layout).pinnerDenials
  const batch = (RATE * BATCH_MS) / 1_000
  const began = performance.now()
  for (let first = 0; first < DIMENSION_LIMITS.name; first += batch) {
    const lines = Array.from({ length: batch }, (_, i) => {
      const client = clientAt((first + i) % DIMENSION_LIMITS.client)
      const name = deniedName(first + i)
      return `${JSON.stringify({ t: Date.now(), group: 'default', client, name, type: 'A', reason: 'dns.denied' })}\n`
    })
    appendFileSync(path, lines.join(''))
    await sleep(Math.max(0, began + ((first + batch) / batch) * BATCH_MS - performance.now()))
  }
}

/** Resident set of a process: now, or the most since it started. */
function memoryMiB(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024
}
