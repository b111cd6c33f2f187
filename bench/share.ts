import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { assetsRoot } from '../src/base/assets.ts'
import { planZones } from '../src/dns/zones/plan-zones.ts'
import { printZone } from '../src/dns/zones/print-zone.ts'
import { compilePlan } from '../src/plan/index.ts'
import { parsePolicy } from '../src/policy/index.ts'
import { SETTINGS } from '../test/unit/dns/fixture-plan.ts'
import { policyText } from './policies.ts'
import { grouped, milliseconds, type Row, timed } from './row.ts'

const SELF = fileURLToPath(import.meta.url)

interface Shares {
  readonly json: number
  readonly parse: number
  readonly compile: number
  readonly zones: number
  readonly print: number
}

/** What a first load costs in our own code: reading, compiling and printing, each for the first time in its process. */
export async function* benchShare(counts: readonly number[]): AsyncGenerator<Row> {
  for (const count of counts) {
    const options = { cwd: assetsRoot(), timeout: 120_000 }
    const { stdout } = await execa(process.execPath, ['--import', 'tsx', SELF, String(count)], options)
    const { json, parse, compile, zones, print } = JSON.parse(stdout) as Shares
    const sum = parse + compile + zones + print
    const allowed = count * 0.0025
    yield {
      work: `our share of ${grouped(count)} domains: parse and validate, compile, decide zones, print`,
      measured: `${milliseconds(sum)} (${[parse, compile, zones, print].map((part) => Math.round(part)).join(' + ')})`,
      compared: `JSON.parse of the policy alone: ${milliseconds(json)}`,
      ratio: sum / json,
      budget: milliseconds(allowed),
      met: sum <= allowed,
    }
  }
}

async function measure(count: number): Promise<Shares> {
  const text = Buffer.from(policyText(count))
  const [parse, { policy }] = await timed(() => parsePolicy(text))
  const [compile, plan] = await timed(() => compilePlan(policy, SETTINGS))
  const [zones, planned] = await timed(() => planZones(plan))
  const [print] = await timed(() =>
    planned.views.reduce(
      (sum, view) => sum + [...printZone(view.zones.b)].reduce((all, chunk) => all + chunk.length, 0),
      0,
    ),
  )
  const [json] = await timed(() => JSON.parse(text.toString()))
  return { json, parse, compile, zones, print }
}

if (process.argv[1] === SELF) process.stdout.write(JSON.stringify(await measure(Number(process.argv[2]))))
