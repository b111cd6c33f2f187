import { spawn } from 'node:child_process'
import { chownSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bindIds } from '../src/dns/files/ownership.ts'
import { namedPaths } from '../src/dns/index.ts'
import { services } from '../src/services/index.ts'
import type { Lab } from '../src/standalone/lab/lab.ts'
import { inNamespace } from '../src/standalone/lab/namespace.ts'
import { until } from '../src/standalone/lab/until.ts'

/** How named's configuration differs from the one we generate. */
export type Variant = (conf: string) => string

export const AS_GENERATED: Variant = (conf) => conf

/** Everything as generated, but named asks no response policy. */
export const WITHOUT_RPZ: Variant = (conf) =>
  conf.replace(/\tresponse-policy \{[\s\S]*?\}[^;]*;\n/g, '').replace(/\tzone "[robd]" \{[\s\S]*?\n\t\};\n/g, '')

/** The group's view forwards straight to the resolver view: no pinner in between, nothing pinned. */
export const WITHOUT_PINNER: Variant = (conf) =>
  conf.replace(
    /forwarders \{ 127\.53\.0\.1 port \d+; \};/,
    'forwarders { 127.0.0.1 port 5053; };\n\tquery-source address 127.0.0.53;',
  )

/** Exchanges the gateway's named for a variant of it, with nothing in its cache, for the time of `work`. */
export async function withNamed<T>(lab: Lab, variant: Variant, work: () => Promise<T>): Promise<T> {
  const { layout, namespace } = lab.gateway
  await services(layout).stop('clawgress-named')
  const file = join(layout.named, 'bench.conf')
  writeFileSync(file, variant(readFileSync(namedPaths(layout).conf, 'utf8')), { mode: 0o640 })
  chownSync(file, 0, bindIds().gid)
  const [program, args] = inNamespace(namespace, ['named', '-f', '-u', 'bind', '-n', '2', '-c', file])
  const named = spawn(program, args, { stdio: 'ignore' })
  const ended = new Promise((done) => named.once('exit', done))
  try {
    const agent = lab.agent(1)
    await until('the named of this variant answers', 20_000, async () => {
      const { status } = await agent.resolve('h0.pool.net', { timeoutMs: 1000 })
      return status === 'NOERROR'
    })
    return await work()
  } finally {
    named.kill('SIGTERM')
    await ended
    await services(layout).ensure('clawgress-named')
  }
}
