import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ENDPOINTS, probeAddress } from '../src/base/endpoints.ts'
import type { Lab } from '../src/standalone/lab/lab.ts'
import { importText } from './commits.ts'
import { AS_GENERATED, type Variant, WITHOUT_PINNER, WITHOUT_RPZ, withNamed } from './named-variant.ts'
import { policyText, poolName } from './policies.ts'
import { grouped, median, milliseconds, quantile, type Row } from './row.ts'

const ROUNDS = 3
export const CACHED = 1_000
const QUESTIONS = 2_500
/** Questions a second while latencies are taken: far from any limit. */
const CALM_RATE = 200
const CALM_QUESTIONS = 500

export interface Perf {
  readonly rate: number
  readonly completed: number
  readonly lost: number
  /** Milliseconds of each answer, where asked for. */
  readonly latencies: readonly number[]
}

/**
 * dnsperf(1) on the gateway itself, in the view of the default group: what an agent may ask is bounded by the ruleset
 * far below what named can answer.
 */
export async function perf(lab: Lab, questions: readonly string[], options: readonly string[]): Promise<Perf> {
  const file = join(lab.paths.folder, 'questions')
  await writeFile(file, `${questions.join('\n')}\n`)
  const { stdout } = await lab.gateway.exec([
    ...['dnsperf', '-s', '127.0.0.1', '-p', String(ENDPOINTS.namedPort), '-a', probeAddress(0), '-d', file],
    ...options,
  ])
  const number = (label: string) => Number(new RegExp(`${label}:\\s+([\\d.]+)`).exec(stdout)?.[1] ?? Number.NaN)
  const latencies = [...stdout.matchAll(/^> NOERROR \S+ \S+ ([\d.]+)$/gm)].map((match) => Number(match[1]) * 1000)
  return {
    rate: number('Queries per second'),
    completed: number('Queries completed'),
    lost: number('Queries lost'),
    latencies,
  }
}

/** Pool names as lines of dnsperf, from `first` on. */
export const questionsFrom = (first: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => {
    const at = first + i
    return at < 4096 ? `${poolName(at)} A` : `${poolName(at - 4096)} AAAA`
  })

/** Answers to the default group: from named's cache beside named without RPZ, and beside no pinner. */
export async function* benchAnswers(lab: Lab): AsyncGenerator<Row> {
  const pool = Array.from({ length: 4096 }, (_, i) => poolName(i))
  await importText(lab, policyText(0, 0, 0, pool.slice(0, CACHED)))
  yield await hits(lab)
  await importText(lab, policyText(CACHED, 0, 0, pool))
  yield* misses(lab)
}

async function hits(lab: Lab): Promise<Row> {
  const questions = questionsFrom(0, CACHED)
  const rates = new Map<Variant, number[]>([
    [AS_GENERATED, []],
    [WITHOUT_RPZ, []],
  ])
  for (let round = 0; round < ROUNDS; round++)
    for (const [variant, seen] of rates)
      await withNamed(lab, variant, async () => {
        await perf(lab, questions, ['-n', '1', '-q', '50'])
        seen.push((await perf(lab, questions, ['-l', '3', '-c', '20', '-q', '100'])).rate)
      })
  const [ours, bare] = [...rates.values()].map((seen) => Math.max(...seen)) as [number, number]
  return {
    work: `cache hits a second, ${grouped(CACHED)} domains (best of ${ROUNDS})`,
    measured: grouped(ours),
    compared: `named without RPZ: ${grouped(bare)}`,
    ratio: ours / bare,
    budget: '0.90 ×',
    met: ours / bare >= 0.9,
  }
}

interface Misses {
  /** Of each round. */
  readonly latencies: (readonly number[])[]
  readonly rates: number[]
  lost: number
}

async function* misses(lab: Lab): AsyncGenerator<Row> {
  const seen = new Map<Variant, Misses>(
    [AS_GENERATED, WITHOUT_PINNER].map((variant) => [variant, { latencies: [], rates: [], lost: 0 }]),
  )
  for (let round = 0; round < ROUNDS; round++)
    for (const [variant, found] of seen)
      await withNamed(lab, variant, async () => {
        const calm = questionsFrom(1, CALM_QUESTIONS)
        const { latencies } = await perf(lab, calm, ['-n', '1', '-v', '-Q', String(CALM_RATE)])
        // The first answers pay for what both know afterwards: the way to the servers of the zone.
        found.latencies.push(latencies.slice(50))
        const { rate, lost } = await perf(lab, questionsFrom(1 + CALM_QUESTIONS, QUESTIONS), [
          ...['-n', '1', '-c', '10', '-q', '50'],
        ])
        found.rates.push(rate)
        found.lost += lost
      })
  const [ours, direct] = [...seen.values()] as [Misses, Misses]
  const at = ({ latencies }: Misses, part: number) => median(latencies.map((round) => quantile(round, part)))
  const more = (part: number) => at(ours, part) - at(direct, part)
  const allowed = { 0.5: 0.8, 0.99: 4 } as const
  for (const part of [0.5, 0.99] as const)
    yield {
      work: `cache miss at ${CALM_RATE} a second, p${part * 100} (median of ${ROUNDS})`,
      measured: milliseconds(at(ours, part)),
      compared: `forwarding without the pinner: ${milliseconds(at(direct, part))}, ${more(part).toFixed(2)} ms less`,
      budget: `+${allowed[part]} ms`,
      met: more(part) <= allowed[part],
    }
  const ratio = median(ours.rates) / median(direct.rates)
  yield {
    work: `cache misses a second (median of ${ROUNDS}; lost ${ours.lost})`,
    measured: grouped(median(ours.rates)),
    compared: `forwarding without the pinner: ${grouped(median(direct.rates))} (lost ${direct.lost})`,
    ratio,
    budget: '0.5 ×',
    met: ratio >= 0.5,
  }
}
