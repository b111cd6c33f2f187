import { appendFileSync, chownSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Layout, runtimePaths } from '../src/base/layout.ts'
import { askTelemetry } from '../src/daemon/query-socket.ts'
import { askDaemon } from '../src/daemon/status.ts'
import { DIMENSION_LIMITS, REASON_CODES } from '../src/daemon/telemetry/measures.ts'
import { makeColumns, pack } from '../src/daemon/telemetry/packed-counts.ts'
import { type StoredStep, TelemetryStore } from '../src/daemon/telemetry/store.ts'
import { LEVELS } from '../src/daemon/telemetry/timeline.ts'
import { services } from '../src/services/index.ts'
import type { Lab } from '../src/standalone/lab/lab.ts'
import { CACHED, type Perf, perf, questionsFrom } from './answers.ts'
import { importText } from './commits.ts'
import { policyText, poolName } from './policies.ts'
import { grouped, median, milliseconds, quantile, type Row } from './row.ts'

const UNIT = 'clawgressd'
const LIMIT_MB = 200
/** Denied names a second, as the pinner writes them down, until every name that is counted was seen. */
const RATE = 5_000
const BATCH_MS = 100
/** A program that has just started has the processor to itself no longer. */
const STARTED_MS = 3_000
/** Steps of a minute close while it settles, with all those names in them. */
const SETTLE_MS = 75_000
const ROUNDS = 6

/** The daemon beside the path of questions, and its memory and answers with a full week behind it. */
export async function* benchDaemon(lab: Lab): AsyncGenerator<Row> {
  yield await questionsWithDaemon(lab)
  yield* fullWeek(lab)
}

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

async function* fullWeek(lab: Lab): AsyncGenerator<Row> {
  const { layout } = lab.gateway
  const units = services(layout)
  await units.stop(UNIT)
  fillStore(layout)
  await units.ensure(UNIT)
  const pid = (await units.status()).find(({ name }) => name === UNIT)!.pid!
  const watch = watchStatus(layout)
  await askWeek(layout)
  const loaded = memoryMiB(pid, 'VmRSS')
  await deny(layout)
  await askWeek(layout)
  await sleep(SETTLE_MS)
  await askWeek(layout)
  const { middle, p99, worst, lost } = await watch.end()
  const peak = memoryMiB(pid, 'VmHWM')
  const clients = grouped(DIMENSION_LIMITS.client)
  const names = grouped(DIMENSION_LIMITS.name)
  yield {
    work: `memory of the daemon, most at any time: a full week of ${clients} clients and ${names} names, ${grouped(RATE)} denials a second on top`,
    measured: `${peak.toFixed(0)} MiB`,
    compared: `the week alone: ${loaded.toFixed(0)} MiB; afterwards: ${memoryMiB(pid, 'VmRSS').toFixed(0)} MiB`,
    budget: `${LIMIT_MB} MB`,
    met: peak * 1.048576 <= LIMIT_MB,
  }
  yield {
    work: 'status of the daemon meanwhile, while it reads, sums and writes that week (p99, worst)',
    measured: `${milliseconds(p99)}, ${milliseconds(worst)}`,
    compared: `median ${milliseconds(middle)}; not answered: ${lost}`,
  }
}

/** The busiest of a week, by client and by name, as the dashboard asks for them. */
async function askWeek(layout: Layout): Promise<void> {
  for (const by of ['client', 'name'] as const) await askTelemetry(layout, { window: '7d', by })
}

/** Every step of a week as full as it can be, written where the daemon will look for it. */
function fillStore(layout: Layout): void {
  const { telemetryFolder } = runtimePaths(layout)
  const path = join(telemetryFolder, 'telemetry.db')
  rmSync(path, { force: true })
  const store = new TelemetryStore(path)
  const now = Date.now()
  for (const [number, { step, steps, names }] of LEVELS.entries()) {
    if (number === 0) continue
    const newest = now - (now % step)
    for (let back = steps; back >= 1; back--) {
      const first = (back * names) % DIMENSION_LIMITS.name
      store.put(number, newest - back * step, fullStep(first, names), 0)
    }
  }
  if (store.troubles.length > 0) throw new Error(store.troubles.join(' '))
  store.close()
  const { uid, gid } = statSync(telemetryFolder)
  chownSync(path, uid, gid)
}

function fullStep(first: number, names: number): StoredStep {
  const clients = Array.from({ length: DIMENSION_LIMITS.client }, (_, i) => clientAt(i))
  const keys = ['', 'default', ...clients, ...Array.from({ length: names }, (_, i) => deniedName(first + i))]
  const dimensions = keys.map((_, row) => ['all', 'group'][row] ?? (row < clients.length + 2 ? 'client' : 'name'))
  const columns = makeColumns(keys.length, keys.length)
  // Few are busy, and most are not.
  columns.counts.forEach((_, at) => {
    columns.counts[at] = Math.floor(5_000 / (1 + ((at * 7_919) % 1_009)))
  })
  columns.octets.forEach((_, at) => {
    columns.octets[at] = (at * 104_729) % 1_000_003
  })
  keys.forEach((_, row) => {
    columns.reasonRows[row] = row
    columns.reasonNumbers[row] = row % 3
    columns.reasonCounts[row] = 1 + Math.floor(900 / (1 + ((row * 31) % 101)))
  })
  return { reasons: REASON_CODES, dimensions, keys, packed: pack(columns) }
}

const clientAt = (i: number): string => `10.78.${(i >> 8) & 255}.${i & 255}`
const deniedName = (i: number): string => `host-${i % DIMENSION_LIMITS.name}.tracker.example`

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

/** Asks the daemon for its status ten times a second, until the end; times in milliseconds. */
function watchStatus(layout: Layout) {
  const times: number[] = []
  let [lost, isEnding] = [0, false]
  const watching = (async () => {
    while (!isEnding) {
      const began = performance.now()
      if ((await askDaemon(layout)) === undefined) lost++
      else times.push(performance.now() - began)
      await sleep(100)
    }
  })()
  return {
    end: async () => {
      isEnding = true
      await watching
      return { middle: median(times), p99: quantile(times, 0.99), worst: Math.max(...times), lost }
    },
  }
}

/** Resident set of a process: now, or the most since it started. */
function memoryMiB(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024
}
