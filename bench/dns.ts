import { execFile } from 'node:child_process'
import { chownSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { bindIds } from '../src/dns/files/ownership.ts'
import { applyZones, awaitCanaries, installGeneration, namedPaths, prepareNamed, readState } from '../src/dns/index.ts'
import { poll, withProbe } from '../src/dns/live/await.ts'
import { planZones } from '../src/dns/zones/plan-zones.ts'
import { printZone } from '../src/dns/zones/print-zone.ts'
import { canaryName } from '../src/dns/zones/zone-names.ts'
import { compilePlan, type Plan } from '../src/plan/index.ts'
import { parsePolicy } from '../src/policy/index.ts'
import { DnsRig } from '../test/e2e/support/dns/rig.ts'
import { SETTINGS } from '../test/unit/dns/fixture-plan.ts'

const run = promisify(execFile)

/** One line of the table: a measured value beside what it is compared with, in the same run. */
export interface Row {
  readonly work: string
  readonly measured: string
  readonly compared: string
  /** Measured through compared; the budget's ratio where it has one. */
  readonly ratio?: number
}

const milliseconds = (value: number): string => `${Math.round(value)} ms`
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!

async function timed<T>(work: () => T | Promise<T>): Promise<[number, T]> {
  const began = performance.now()
  const result = await work()
  return [performance.now() - began, result]
}

const nameAt = (i: number): string => `api${(i * 7_919) % 1_000_003}.svc${i % 5_000}.example${i % 300}.com`

/** The gateway's Plan for so many names, some of them exchanged for others by `salt`. */
function planFor(count: number, salt = 0): Plan {
  const domains = Array.from({ length: count }, (_, i) => (i < salt ? `new${salt}-${i}.example.com` : nameAt(i)))
  const policy = { version: 1, allow: { domains, ips: [], ports: [443] } }
  return compilePlan(parsePolicy(Buffer.from(JSON.stringify(policy))).policy, SETTINGS)
}

/** Printing, first load and small changes of a policy of `count` names. */
export async function* benchZones(count: number): AsyncGenerator<Row> {
  const plan = planFor(count)
  const names = `${count.toLocaleString('en')} names`
  planZones(planFor(1_000))
  const [planned, zones] = await timed(() => planZones(plan))
  const [printed] = await timed(() => zones.views.map(({ zones: { b } }) => [...printZone(b)].length))
  yield {
    work: `zones of ${names}: decide, print`,
    measured: `${milliseconds(planned)}, ${milliseconds(printed)}`,
    compared: 'budget 600 ms to print',
  }
  const rig = await DnsRig.open()
  try {
    const [prepared] = await timed(() => prepareNamed(plan, rig.layout))
    yield {
      work: `zones of ${names}: decide, print, write, check`,
      measured: milliseconds(prepared),
      compared: 'part of our share, 2500 ms at 1,000,000',
    }
    installGeneration(rig.layout, plan.generation)
    const state = readState(rig.layout, plan.generation)
    const startToLive = async (live: () => Promise<unknown>) => {
      const [time] = await timed(async () => {
        await rig.launch()
        await live()
      })
      return time
    }
    const ours = await startToLive(() => awaitCanaries(state))
    await rig.kill()
    const conf = namedPaths(rig.layout).conf
    const generated = readFileSync(conf, 'utf8')
    replaceConf(conf, bareConf(rig.layout.named))
    const canary = canaryName('b', state.views[0]!.zones.b.hash)
    const alone = await startToLive(() => withProbe(0, (probe) => poll(() => probe.sees(canary), Date.now() + 120_000)))
    await rig.kill()
    yield {
      work: `start to proven live, ${names}`,
      measured: milliseconds(ours),
      compared: `named alone, same zone: ${milliseconds(alone)}`,
      ratio: ours / alone,
    }
    replaceConf(conf, generated)
    await rig.launch()
    await awaitCanaries(state)
    const times: number[] = []
    let previous = plan.generation
    for (const salt of [1, 100, 1_000].filter((changed) => changed * 100 <= count)) {
      const next = planFor(count, salt)
      const [prepare] = await timed(() => prepareNamed(next, rig.layout, { previous }))
      const [apply, applied] = await timed(() => applyZones(rig.layout, next.generation))
      previous = next.generation
      times.push(prepare + apply)
      yield {
        work: `${salt.toLocaleString('en')} changed of ${names}, proven live`,
        measured: `${milliseconds(prepare)} + ${milliseconds(apply)}`,
        compared: `whole commit: 1000 ms; loaded ${applied.reloaded.join(', ')}`,
      }
    }
  } finally {
    await rig.close()
  }
}

/** named with one allow zone and one deny zone and nothing else of ours: what it takes by itself. */
const bareConf = (folder: string): string => `options {
	directory "${folder}/work"; pid-file "${folder}/work/named.pid"; session-keyfile "${folder}/work/session.key";
	lock-file none; listen-on port 5053 { 127.0.0.1; }; listen-on-v6 { none; }; recursion yes;
	forward only; forwarders { 127.53.0.1 port 5301; }; dnssec-validation no;
	response-policy { zone "b"; zone "d"; } qname-wait-recurse no nsip-enable no nsdname-enable no break-dnssec yes recursive-only no min-update-interval 0;
};
controls { };
zone "b" { type primary; file "${folder}/zones/g0.b"; };
zone "d" { type primary; file "${folder}/zones/g0.d"; };
`

function replaceConf(file: string, text: string): void {
  rmSync(file)
  writeFileSync(file, text, { mode: 0o640 })
  chownSync(file, 0, bindIds().gid)
}

const withoutRpz = (conf: string): string =>
  conf.replace(/\tresponse-policy \{[\s\S]*?\}[^;]*;\n/g, '').replace(/\tzone "[robd]" \{[\s\S]*?\n\t\};\n/g, '')

/** Cache hits a second of named with a policy of `count` names and without RPZ, in turns; best of each. */
export async function* benchHits(count: number, seconds = 4, rounds = 3): AsyncGenerator<Row> {
  const plan = planFor(count)
  const rig = await DnsRig.open()
  try {
    await prepareNamed(plan, rig.layout)
    installGeneration(rig.layout, plan.generation)
    const conf = namedPaths(rig.layout).conf
    const generated = readFileSync(conf, 'utf8')
    const questions = `${rig.layout.named}/questions`
    writeFileSync(questions, Array.from({ length: Math.min(count, 1_000) }, (_, i) => `${nameAt(i)} A\n`).join(''))
    const rates = { with: [] as number[], without: [] as number[] }
    const costs = { with: [] as number[], without: [] as number[] }
    for (let round = 0; round < rounds; round++)
      for (const kind of ['with', 'without'] as const) {
        replaceConf(conf, kind === 'with' ? generated : withoutRpz(generated))
        const pid = await rig.launch()
        await withProbe(0, (probe) =>
          poll(async () => (await probe.ask(nameAt(0), 1))?.rcode === 0, Date.now() + 30_000),
        )
        await perf(questions, 1)
        const before = cpuSeconds(pid)
        const { rate, answered } = await perf(questions, seconds)
        rates[kind].push(rate)
        costs[kind].push(((cpuSeconds(pid) - before) / answered) * 1e6)
        await rig.kill()
      }
    const best = { with: Math.max(...rates.with), without: Math.max(...rates.without) }
    yield {
      work: `cache hits a second, ${count.toLocaleString('en')} domains`,
      measured: Math.round(best.with).toLocaleString('en'),
      compared: `named without RPZ: ${Math.round(best.without).toLocaleString('en')}; budget 0.90`,
      ratio: best.with / best.without,
    }
    yield {
      work: 'CPU of named for one cache hit',
      measured: `${median(costs.with).toFixed(1)} µs`,
      compared: `without RPZ: ${median(costs.without).toFixed(1)} µs`,
      ratio: median(costs.with) / median(costs.without),
    }
  } finally {
    await rig.close()
  }
}

async function perf(questions: string, seconds: number): Promise<{ rate: number; answered: number }> {
  const args = [
    '-s',
    '127.0.0.1',
    '-p',
    '5053',
    '-d',
    questions,
    '-l',
    String(seconds),
    '-c',
    '20',
    '-q',
    '100',
    '-a',
    '127.9.0.1',
  ]
  const { stdout } = await run('dnsperf', args)
  return {
    rate: Number(/Queries per second:\s+([\d.]+)/.exec(stdout)![1]),
    answered: Number(/Queries completed:\s+(\d+)/.exec(stdout)![1]),
  }
}

/** User and system time of a process so far (proc(5), fields 14 and 15, in hundredths). */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

export async function* benchDns(): AsyncGenerator<Row> {
  yield* benchHits(1_000)
  for (const count of [1_000, 100_000, 1_000_000]) yield* benchZones(count)
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  for await (const { work, measured, compared, ratio } of benchDns())
    process.stdout.write(
      `${work}\t${measured}\t${compared}${ratio === undefined ? '' : `\tratio ${ratio.toFixed(2)}`}\n`,
    )
