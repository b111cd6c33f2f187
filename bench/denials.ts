import { createReadStream, existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { assetsRoot } from '../src/base/assets.ts'
import { runtimePaths } from '../src/base/layout.ts'
import { CONTENT } from '../src/standalone/lab/internet/addresses.ts'
import type { Lab } from '../src/standalone/lab/lab.ts'
import { ipBatch, runIn } from '../src/standalone/lab/namespace.ts'
import { benchDenialLatency } from './denials/latency.ts'
import { grouped, type Row } from './row.ts'

const SENDER = fileURLToPath(new URL('./denials/sender.ts', import.meta.url))
const TARGET = CONTENT.raw.v4
/** A client gets 1,000 records a second at most, so it takes more than 20 of them. */
const CLIENTS = Array.from({ length: 24 }, (_, i) => `10.77.1.${100 + i}`)
const RATE = 20_000
const PACKETS = 80_000
const FLOOD = 150_000

interface Counts {
  readonly arrived: number
  readonly denied: number
  readonly logged: number
  readonly notLogged: number
}

/** How soon a denial is in the log, and denied packets of many clients at the rate that the records are bounded to, and as many as the machine can send. */
export async function* benchDenials(lab: Lab): AsyncGenerator<Row> {
  yield* benchDenialLatency(lab)
  const agent = lab.agent(1)
  await ipBatch(
    agent.namespace,
    CLIENTS.map((address) => `addr add ${address}/24 dev eth0`),
  )
  // What comes in, counted before our own table sees it.
  await lab.gateway.exec(['nft', '-f', '-'], { input: WITNESS })
  yield await recorded(lab)
  yield await flooded(lab)
  await lab.gateway.exec(['nft', 'delete', 'table', 'inet', 'bench'])
}

const WITNESS = `table inet bench {
  counter arrived { }
  chain arrivals {
    type filter hook prerouting priority raw - 10; policy accept;
    ip daddr ${TARGET} udp dport 1024-65535 counter name "arrived"
  }
}
`

async function recorded(lab: Lab): Promise<Row> {
  const before = await readCounts(lab)
  const recordsBefore = await countRecords(lab)
  const { seconds } = await send(lab, PACKETS, RATE)
  const began = performance.now()
  const counts = difference(await readCounts(lab), before)
  let records = 0
  for (let quietSince = performance.now(); performance.now() - quietSince < 3000; ) {
    const now = (await countRecords(lab)) - recordsBefore
    if (now > records) quietSince = performance.now()
    records = now
    if (records >= counts.logged) break
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const behind = (performance.now() - began) / 1000
  const rate = records / (seconds + behind)
  return {
    work: `deny records written, ${grouped(counts.denied)} flows of ${CLIENTS.length} clients denied at ${grouped(counts.denied / seconds)} a second`,
    measured: `${grouped(records)} records, ${grouped(rate)} a second to the last`,
    compared: `kernel: ${grouped(counts.logged)} to be written, ${grouped(counts.notLogged)} over the limits; lost ${grouped(counts.logged - records)}`,
    budget: '20,000 a second, none lost',
    // Nothing lost is not enough: a burst that is written down later was not written at this rate.
    met: records === counts.logged && rate >= RATE,
  }
}

async function flooded(lab: Lab): Promise<Row> {
  const before = await readCounts(lab)
  const { seconds } = await send(lab, FLOOD, 0)
  const counts = difference(await readCounts(lab), before)
  const exact = counts.denied === counts.arrived && counts.logged + counts.notLogged === counts.denied
  return {
    work: `counters under a flood of ${grouped(counts.arrived / seconds)} denied packets a second`,
    measured: `denied ${grouped(counts.denied)} = written ${grouped(counts.logged)} + omitted ${grouped(counts.notLogged)}`,
    compared: `arrived ${grouped(counts.arrived)}`,
    budget: 'exact',
    met: exact && counts.arrived > 0,
  }
}

async function send(lab: Lab, count: number, rate: number): Promise<{ seconds: number }> {
  const argv = [process.execPath, '--import', 'tsx', SENDER, TARGET, String(count), String(rate), ...CLIENTS]
  const { stdout } = await runIn(lab.agent(1).namespace, argv, { cwd: assetsRoot(), timeout: 60_000 })
  return JSON.parse(stdout) as { seconds: number }
}

interface CounterJson {
  readonly counter?: { readonly table: string; readonly name: string; readonly packets: number }
}

async function readCounts(lab: Lab): Promise<Counts> {
  const { stdout } = await lab.gateway.exec(['nft', '-j', 'list', 'counters', 'inet'])
  const counters = (JSON.parse(stdout) as { nftables: CounterJson[] }).nftables.flatMap(({ counter }) => counter ?? [])
  const sum = (wanted: (name: string, table: string) => boolean) =>
    counters.filter(({ name, table }) => wanted(name, table)).reduce((all, { packets }) => all + packets, 0)
  return {
    arrived: sum((_, table) => table === 'bench'),
    denied: sum((name) => name.startsWith('deny.')),
    logged: sum((name) => name === 'log.written'),
    notLogged: sum((name) => name === 'log.omitted'),
  }
}

const difference = (after: Counts, before: Counts): Counts => ({
  arrived: after.arrived - before.arrived,
  denied: after.denied - before.denied,
  logged: after.logged - before.logged,
  notLogged: after.notLogged - before.notLogged,
})

/** Lines of the decision log, over all its files, that tell of the target. */
async function countRecords(lab: Lab): Promise<number> {
  const { decisions } = runtimePaths(lab.gateway.layout)
  let count = 0
  for (const file of [decisions, ...[1, 2, 3, 4].map((n) => `${decisions}.${n}`)].filter((path) => existsSync(path)))
    for await (const chunk of createReadStream(file)) count += occurrences(chunk as Buffer)
  return count
}

function occurrences(chunk: Buffer): number {
  let count = 0
  for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) count++
  return count
}
