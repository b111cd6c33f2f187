import { readFileSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { assetsRoot } from '../src/base/assets.ts'
import { withCleanUp } from '../src/standalone/demo/interruption.ts'
import { Lab } from '../src/standalone/lab/lab.ts'
import { labDown } from '../src/standalone/lab/up.ts'
import { benchAnswers } from './answers.ts'
import { benchApi } from './api.ts'
import { benchCommits, benchRevocation, commitSmall } from './commits.ts'
import { benchBeside, benchDaemon, benchPlans } from './daemon.ts'
import { benchDenials } from './denials.ts'
import { benchFirewall } from './firewall.ts'
import { benchLoads } from './loads.ts'
import { benchMemory } from './memory.ts'
import { benchPinner } from './pinner.ts'
import { benchPolicy } from './policy.ts'
import { benchRace } from './race.ts'
import type { Row } from './row.ts'
import { benchShare } from './share.ts'
import { describeMachine, printTable } from './table.ts'

const LAB = 'bench'
const LARGE = [100_000, 1_000_000] as const
const PAGE = join(assetsRoot(), 'docs', 'performance.md')
const BEGIN = '<!-- measured: written by make bench -->\n'
const END = '<!-- end of measured -->\n'

/** In the order in which they run. `BENCH_ONLY=race,denials` runs some of them, and leaves the page alone. */
const PARTS: Readonly<Record<string, (lab: Lab) => AsyncGenerator<Row>>> = {
  commits: benchCommits,
  revocation: benchRevocation,
  answers: benchAnswers,
  api: benchApi,
  race: benchRace,
  denials: benchDenials,
  beside: benchBeside,
  daemon: benchDaemon,
  loads: (lab) => benchLoads(lab, LARGE),
  plans: (lab) => benchPlans(lab, LARGE.at(-1)!),
  memory: benchMemory,
  share: () => benchShare(LARGE),
  policy: () => benchPolicy(LARGE.at(-1)!),
  pinner: () => benchPinner(),
  firewall: () => benchFirewall(),
}

const only = process.env.BENCH_ONLY?.split(',')
const rows: Row[] = []
const began = performance.now()
await withCleanUp(
  () => labDown(LAB),
  async () => {
    await using lab = await Lab.up(LAB)
    await commitSmall(lab)
    for (const [name, part] of Object.entries(PARTS)) {
      if (only !== undefined && !only.includes(name)) continue
      const since = performance.now()
      for await (const row of part(lab)) {
        rows.push(row)
        const verdict = row.met === undefined ? '' : row.met ? ' met' : ' MISSED'
        process.stderr.write(`${row.work}: ${row.measured}; ${row.compared}${verdict}\n`)
      }
      process.stderr.write(`(${name}: ${((performance.now() - since) / 1000).toFixed(0)} s)\n`)
    }
  },
)
const seconds = Math.round((performance.now() - began) / 1000)
const load = loadavg()[1]!.toFixed(1)
const date = new Date().toISOString().slice(0, 10)
const text = `${date}, ${describeMachine()}; ${seconds} s, load average ${load} over the last five minutes.\n\n${printTable(rows)}`
process.stdout.write(text)
if (only === undefined) writeMeasured(text)
process.exit(0)

/** Replaces the measured section of docs/performance.md. */
function writeMeasured(measured: string): void {
  const page = readFileSync(PAGE, 'utf8')
  const start = page.indexOf(BEGIN) + BEGIN.length
  const end = page.indexOf(END)
  if (start < BEGIN.length || end < start) throw new Error(`${PAGE} has no section for what was measured`)
  writeFileSync(PAGE, `${page.slice(0, start)}\n${measured}\n${page.slice(end)}`)
}
