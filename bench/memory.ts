import { appendFileSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { runtimePaths } from '../src/base/layout.ts'
import { addressKey } from '../src/pinner/book/binding.ts'
import { bindingLine } from '../src/pinner/book/journal-line.ts'
import { monotonicMs } from '../src/pinner/clock.ts'
import { PinnerClient } from '../src/pinner/control-client.ts'
import { loadPlan } from '../src/plan/index.ts'
import { services } from '../src/services/index.ts'
import type { Lab } from '../src/standalone/lab/lab.ts'
import { nameAt } from './policies.ts'
import { grouped, type Row } from './row.ts'

const PINS = 100_000
const HOUR_MS = 3_600_000
const LIMIT_MB = 200
/** V8 gives back garbage of the start within this when little happens. */
const SETTLE_MS = 15_000

/**
 * Memory of the pinner with the live policy and so many pins. They come to it by its journal, as after a restart: that
 * many questions would take minutes.
 */
export async function* benchMemory(lab: Lab): AsyncGenerator<Row> {
  const { layout } = lab.gateway
  const paths = runtimePaths(layout)
  const client = new PinnerClient(paths.pinnerSocket)
  const plan = loadPlan(`${paths.current}/plan`)
  const empty = await memoryMiB(client, 'VmRSS')
  await services(layout).stop('clawgress-pinner')
  appendFileSync(paths.journal, journalLines(plan.classes[0]!.key))
  await services(layout).ensure('clawgress-pinner')
  const { pins } = await client.restore()
  await sleep(SETTLE_MS)
  const full = await memoryMiB(client, 'VmRSS')
  const peak = await memoryMiB(client, 'VmHWM')
  const { bindings, addresses } = await client.status()
  yield {
    work: `memory of the pinner with ${grouped(plan.names.allowCount)} domains and ${grouped(addresses)} pins (${grouped(pins)} in the kernel)`,
    measured: `${full.toFixed(0)} MiB`,
    compared: `before, ${grouped(bindings)} bindings less: ${empty.toFixed(0)} MiB; most at any time ${peak.toFixed(0)} MiB`,
    budget: `${LIMIT_MB} MB`,
    met: full * 1.048576 <= LIMIT_MB && addresses >= PINS,
  }
}

function journalLines(classKey: string): string {
  const until = monotonicMs() + HOUR_MS
  const lines: string[] = []
  for (let i = 0; i < PINS; i++) {
    const address = addressKey(Uint8Array.of(45, 1 + (i >> 16), (i >> 8) & 255, i & 255))
    const addresses = new Map([[address, { pinUntil: until, heldUntil: until + HOUR_MS }]])
    const name = nameAt(i)
    lines.push(
      bindingLine({ group: 'default', name, type: 1, targets: [], classKeys: [classKey], partial: false, addresses }),
    )
  }
  return lines.join('')
}

/** Resident set of the pinner: now, or the most since it started. */
async function memoryMiB(client: PinnerClient, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const { pid } = await client.status()
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024
}
