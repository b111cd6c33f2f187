import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import {
  dumpFlows,
  liveRuleset,
  lostFlows,
  NO_OBJECTS,
  pinSetName,
  printRuleset,
  probeFlows,
} from '../src/firewall/index.ts'
import type { Group, Plan } from '../src/plan/types.ts'
import { FirewallLab } from '../test/e2e/support/firewall.ts'
import { firewallPlan, prefixes, WEB } from '../test/e2e/support/firewall-plan.ts'
import { TcpServer, tcpConnect } from '../test/e2e/support/sockets.ts'
import type { Row } from './row.ts'

const PINNED = '45.45.1.1'

/** What the kernel side costs, measured in namespaces of its own beside the same work done without it or by nft. */
export async function* benchFirewall(): AsyncGenerator<Row> {
  const lab = new FirewallLab()
  try {
    const plan = firewallPlan()
    await lab.commit(plan)
    lab.pin(plan.groups[0]!, WEB, [PINNED])
    yield* pins(lab, plan)
    yield* commits(lab, plan)
    yield* revocation(lab, plan)
    yield* throughput(lab, plan)
  } finally {
    lab.dispose()
  }
}

async function* pins(lab: FirewallLab, plan: Plan): AsyncGenerator<Row> {
  const set = pinSetName(plan.groups[0]!, WEB, 4)
  const operation = (i: number) => ({ set, address: Uint8Array.of(45, 1, (i >> 8) & 255, i & 255), timeoutMs: 600_000 })
  const one = await times(5000, (i) => lab.pins.refresh([operation(i)]))
  const hundred = await times(200, (i) =>
    lab.pins.refresh(Array.from({ length: 100 }, (_, j) => operation(i * 100 + j))),
  )
  const { gateway } = lab.topology
  const nft = await times(30, (i) => {
    gateway.run('nft', 'add', 'element', 'inet', 'clawgress', set, `{ 45.2.0.${i} timeout 1h }`)
  })
  yield {
    work: 'one pin, written and committed (p50, p99)',
    measured: `${micros(one, 0.5)}, ${micros(one, 0.99)}`,
    compared: `budget 50 µs; by running nft ${micros(nft, 0.5)}`,
    ratio: quantile(one, 0.5) / 0.05,
  }
  yield {
    work: '100 pins in one transaction (p50, p99)',
    measured: `${micros(hundred, 0.5)}, ${micros(hundred, 0.99)}`,
    compared: `100 times one pin ${micros(one, 0.5)}`,
    ratio: quantile(hundred, 0.5) / (100 * quantile(one, 0.5)),
  }
}

async function* commits(lab: FirewallLab, plan: Plan): AsyncGenerator<Row> {
  const look = await times(200, () => lab.gateway(liveRuleset))
  const small = await times(20, () => lab.commit(plan))
  yield {
    work: 'ruleset of one group: print, load; look whether it is intact (p50)',
    measured: `${millis(quantile(small, 0.5))}; ${micros(look, 0.5)}`,
    compared: 'a look four times a second',
  }
  const many = manyGroups(plan, 200)
  const print = await times(3, () => {
    printRuleset(many, { mark: 1, live: NO_OBJECTS })
  })
  const load = await times(2, () => lab.commit(many))
  const again = await times(50, () => lab.gateway(liveRuleset))
  await lab.commit(plan)
  yield {
    work: 'ruleset of 200 groups: print; print and load; look (p50)',
    measured: `${millis(quantile(print, 0.5))}; ${millis(quantile(load, 0.5))}; ${millis(quantile(again, 0.5))}`,
    compared: 'no budget',
  }
}

function manyGroups(plan: Plan, count: number): Plan {
  const groups = Array.from({ length: count }, (_, i): Group => {
    const sources = prefixes(`10.${100 + (i >> 8)}.${i & 255}.0/24`)
    return { ...plan.groups[0]!, id: i + 1, name: `g${i}`, key: (0xabc00000 + i).toString(16), sources }
  })
  return { ...plan, groups: [plan.groups[0]!, ...groups] }
}

async function* revocation(lab: FirewallLab, plan: Plan): AsyncGenerator<Row> {
  const server = new TcpServer(lab.topology.internet, 443)
  const delays: number[] = []
  try {
    for (let round = 0; round < 10; round++) {
      lab.pin(plan.groups[0]!, WEB, [PINNED])
      const client = await tcpConnect(lab.topology.client1, PINNED, 443)
      if (typeof client === 'string') throw new Error(client)
      const peer = await server.peerOf(client)
      lab.unpin(plan.groups[0]!, WEB, [PINNED])
      const began = performance.now()
      await lab.commit(plan)
      const closed = Promise.all([client, peer].map((socket) => new Promise((done) => socket.once('close', done))))
      lab.gateway(() => probeFlows(lostFlows(plan, lab.mark, dumpFlows(), () => false)))
      await closed
      delays.push(performance.now() - began)
    }
  } finally {
    server.close()
  }
  yield {
    work: 'idle flow revoked: from printing the ruleset to the reset at both ends (p50, worst of 10)',
    measured: `${millis(quantile(delays, 0.5))}, ${millis(Math.max(...delays))}`,
    compared: 'budget 500 ms',
    ratio: Math.max(...delays) / 500,
  }
}

async function* throughput(lab: FirewallLab, plan: Plan): AsyncGenerator<Row> {
  const { client1, internet, gateway } = lab.topology
  const server = spawn('ip', ['netns', 'exec', internet.name, 'iperf3', '-s', '-p', '443', '--forceflush'], {
    stdio: 'pipe',
  })
  await once(server.stdout, 'data')
  const measure = (): number => {
    const report = client1.run('iperf3', '-c', PINNED, '-p', '443', '-t', '2', '-O', '0.3', '-J')
    return (JSON.parse(report) as { end: { sum_received: { bits_per_second: number } } }).end.sum_received
      .bits_per_second
  }
  const bare: number[] = []
  const ruled: number[] = []
  try {
    for (let round = 0; round < 5; round++) {
      gateway.run('nft', 'table inet clawgress\ndelete table inet clawgress')
      bare.push(measure())
      await lab.commit(plan)
      lab.pin(plan.groups[0]!, WEB, [PINNED])
      ruled.push(measure())
    }
  } finally {
    server.kill()
  }
  const gigabits = (values: readonly number[]) => `${(quantile(values, 0.5) / 1e9).toFixed(1)} Gbit/s`
  yield {
    work: 'forwarding, one TCP stream, full ruleset (median of 5)',
    measured: gigabits(ruled),
    compared: `no ruleset ${gigabits(bare)}`,
    ratio: quantile(ruled, 0.5) / quantile(bare, 0.5),
    budget: '0.95 ×',
    met: quantile(ruled, 0.5) / quantile(bare, 0.5) >= 0.95,
  }
}

/** Milliseconds of each run. */
async function times(count: number, work: (index: number) => unknown): Promise<number[]> {
  const taken: number[] = []
  for (let i = 0; i < count; i++) {
    const began = performance.now()
    await work(i)
    taken.push(performance.now() - began)
  }
  return taken
}

function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!
}

const millis = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} ms`
const micros = (values: readonly number[], part: number): string => `${(quantile(values, part) * 1000).toFixed(0)} µs`

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for await (const { work, measured, compared, ratio } of benchFirewall()) {
    const times = ratio === undefined ? '' : `${ratio.toFixed(2)} ×`
    process.stdout.write(`${work}: ${measured} (${compared}) ${times}\n`)
  }
}
