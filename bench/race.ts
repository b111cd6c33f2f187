import { fileURLToPath } from 'node:url'
import { assetsRoot } from '../src/base/assets.ts'
import type { Lab } from '../src/standalone/lab/lab.ts'
import { runIn } from '../src/standalone/lab/namespace.ts'
import { importText } from './commits.ts'
import { policyText, poolName } from './policies.ts'
import type { RaceResult } from './race/agent.ts'
import { grouped, type Row } from './row.ts'

/** The budget asks for 100,000; an ordinary run does with fewer. */
const TRIES = Number(process.env.BENCH_RACE_TRIES ?? 20_000)
const POOL = 4096
const LANES = 16
const AGENT = fileURLToPath(new URL('./race/agent.ts', import.meta.url))

/**
 * Asks for names that nothing is known of yet, and connects as soon as the answer is there: each try is the first use
 * of a pin. When all names are used up, pins and cached answers are dropped and it begins again.
 */
export async function* benchRace(lab: Lab): AsyncGenerator<Row> {
  const pool = Array.from({ length: POOL }, (_, i) => poolName(i))
  await importText(lab, policyText(1_000, 0, 1, pool))
  const sum = { answered: 0, connected: 0, unanswered: 0, refused: 0 }
  const details: string[] = []
  const began = performance.now()
  for (let tries = 0; tries < TRIES; tries = sum.answered + sum.unanswered) {
    await lab.gateway.clawgress(['reset', 'pins'])
    const names = pool.slice(0, Math.min(POOL, Math.ceil((TRIES - tries) / 2)))
    const results = await Promise.all([run(lab, 1, names, 'A'), run(lab, 2, names, 'AAAA')])
    for (const result of results) {
      for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += result[key]
      details.push(...result.details)
    }
  }
  const seconds = (performance.now() - began) / 1000
  for (const detail of details.slice(0, 10)) process.stderr.write(`race: ${detail}\n`)
  yield {
    work: `first connections refused, of ${grouped(sum.connected + sum.refused)} made at once after the answer`,
    measured: `${sum.refused}`,
    compared: `${grouped((sum.connected + sum.refused) / seconds)} a second; ${sum.unanswered} names without an answer`,
    budget: '0',
    met: sum.refused === 0 && sum.connected > 0.99 * TRIES,
  }
}

async function run(lab: Lab, number: 1 | 2, names: readonly string[], type: string): Promise<RaceResult> {
  const { namespace, gateway4, gateway6 } = lab.agent(number)
  const argv = [process.execPath, '--import', 'tsx', AGENT, number === 1 ? gateway4 : gateway6, '443', String(LANES)]
  const input = names.map((name) => `${name} ${type}`).join('\n')
  const { stdout } = await runIn(namespace, argv, { input, cwd: assetsRoot(), timeout: 120_000 })
  return JSON.parse(stdout) as RaceResult
}
