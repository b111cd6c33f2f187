import { spawn } from 'node:child_process'
import { chownSync, linkSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { runtimePaths } from '../src/base/layout.ts'
import { recallInput } from '../src/conf_mode/handler-input.ts'
import { bindIds } from '../src/dns/files/ownership.ts'
import { namedPaths, readState } from '../src/dns/index.ts'
import { canaryName } from '../src/dns/zones/zone-names.ts'
import type { Lab } from '../src/standalone/lab/lab.ts'
import { inNamespace, runIn } from '../src/standalone/lab/namespace.ts'
import { until } from '../src/standalone/lab/until.ts'
import { importText } from './commits.ts'
import { policyText } from './policies.ts'
import { grouped, median, milliseconds, type Row, timed } from './row.ts'

const ALONE_LIMIT_MS = 180_000

/** First loads of large policies beside named's own start with the same zones, and small changes of the largest. */
export async function* benchLoads(lab: Lab, counts: readonly number[]): AsyncGenerator<Row> {
  const input = recallInput(lab.gateway.layout)
  for (const count of counts) {
    await handle(lab, { ...input, proposed: null, effective: input.proposed })
    await lab.gateway.write('/config/policy.json', policyText(count))
    const [ours] = await timed(() => handle(lab, { ...input, effective: null }))
    const alone = await namedAlone(lab)
    const ratio = ours / alone
    yield {
      work: `first load of ${grouped(count)} domains: from the handler's start to proven live`,
      measured: milliseconds(ours),
      compared: `named alone, same zones, start to live: ${milliseconds(alone)}`,
      ratio,
      budget: '1.25 ×',
      met: ratio <= 1.25,
    }
  }
  const largest = counts.at(-1)!
  const changed = Math.min(1_000, largest / 10)
  const times: number[] = []
  for (let salt = 1; salt <= 3; salt++) times.push(await importText(lab, policyText(largest, changed, salt)))
  const [read] = await timed(() => JSON.parse(readFileSync(lab.gateway.file('/config/next.json'), 'utf8')))
  yield {
    work: `${grouped(changed)} of ${grouped(largest)} domains exchanged, proven live (median of 3)`,
    measured: milliseconds(median(times)),
    compared: `JSON.parse of the policy alone: ${milliseconds(read)}`,
    budget: '1,000 ms',
    met: median(times) <= 1_000,
  }
}

async function handle(lab: Lab, input: object): Promise<void> {
  await lab.gateway.clawgress(['conf-mode', 'service_clawgress'], {
    input: JSON.stringify(input),
    timeoutMs: ALONE_LIMIT_MS,
  })
}

/** Milliseconds that a named with the live base and deny zones and nothing else of ours takes from start to live. */
async function namedAlone(lab: Lab): Promise<number> {
  const { layout } = lab.gateway
  const { namespace } = lab.agent(2)
  const paths = namedPaths(layout)
  const folder = join(layout.named, 'alone')
  const { gid, uid } = bindIds()
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { mode: 0o770 })
  chownSync(folder, uid, gid)
  for (const zone of ['b', 'd'] as const) linkSync(paths.liveZone('g0', zone), join(folder, zone))
  const conf = join(folder, 'named.conf')
  writeFileSync(conf, aloneConf(folder), { mode: 0o640 })
  chownSync(conf, 0, gid)
  const generation = basename(readlinkSync(runtimePaths(layout).current))
  const canary = canaryName('b', readState(layout, generation).views[0]!.zones.b.hash)
  const ask = ['dig', '+short', '+tries=1', '+time=1', '-p', '5053', '@127.0.0.1', canary, 'TXT']
  const [program, args] = inNamespace(namespace, ['named', '-f', '-u', 'bind', '-n', '2', '-c', conf])
  const began = performance.now()
  const named = spawn(program, args, { stdio: 'ignore' })
  const ended = new Promise((done) => named.once('exit', done))
  try {
    await until('named alone is live', ALONE_LIMIT_MS, async () =>
      (await runIn(namespace, ask, { reject: false })).stdout.includes('"'),
    )
    return performance.now() - began
  } finally {
    named.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
}

const aloneConf = (folder: string): string => `options {
	directory "${folder}"; pid-file "${folder}/named.pid"; session-keyfile "${folder}/session.key";
	lock-file none; listen-on port 5053 { 127.0.0.1; }; listen-on-v6 { none; }; recursion yes;
	forward only; forwarders { 127.53.0.1 port 5301; }; dnssec-validation no;
	response-policy { zone "b"; zone "d"; } qname-wait-recurse no nsip-enable no nsdname-enable no break-dnssec yes recursive-only no min-update-interval 0;
};
controls { };
zone "b" { type primary; file "${folder}/b"; };
zone "d" { type primary; file "${folder}/d"; };
`
