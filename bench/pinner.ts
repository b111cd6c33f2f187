import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  CLASS_IN,
  decodeMessage,
  encodeMessage,
  queryMessage,
  RCODE,
  responseTo,
  TYPE,
} from '../src/dns/message/index.ts'
import { PinWriter } from '../src/firewall/index.ts'
import { decideAnswer } from '../src/pinner/answering/decide-answer.ts'
import { Book } from '../src/pinner/book/book.ts'
import { Journal } from '../src/pinner/book/journal.ts'
import type { PinWish } from '../src/pinner/book/pin-batch.ts'
import { PinStore } from '../src/pinner/book/pin-store.ts'
import { monotonicMs } from '../src/pinner/clock.ts'
import { restorePins } from '../src/pinner/commit/restore-pins.ts'
import { settle } from '../src/pinner/commit/settle.ts'
import { LIMITS } from '../src/pinner/limits.ts'
import { LoadedPlan } from '../src/pinner/policy/loaded-plan.ts'
import { PolicyState } from '../src/pinner/policy/policy-state.ts'
import { compilePlan } from '../src/plan/index.ts'
import { parsePolicy } from '../src/policy/index.ts'
import { FirewallLab } from '../test/e2e/support/firewall.ts'
import { firewallPlan } from '../test/e2e/support/firewall-plan.ts'
import { grouped, microseconds, milliseconds, quantile, type Row, timed } from './row.ts'

const BINDINGS = 100_000
const ONE_BY_ONE = 3_000
const NAMES = 1_000

function plan(drop = 0): LoadedPlan {
  const domains = Array.from({ length: NAMES - drop }, (_, i) => `*.n${i}.test`)
  const policy = { version: 1, allow: { domains, ports: [443] } }
  const { policy: parsed } = parsePolicy(Buffer.from(JSON.stringify(policy)))
  return new LoadedPlan('/unused', compilePlan(parsed, firewallPlan().settings, {}))
}

const nameOf = (i: number) => `h${i}.n${i % NAMES}.test`
const addressOf = (i: number) => Uint8Array.of(45, 1 + (i >> 16), (i >> 8) & 255, i & 255)

/** What the pinner itself takes for a pin, an answer and a commit, with a real journal and the real kernel sets. */
export async function* benchPinner(): AsyncGenerator<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'clawgress-bench-'))
  const lab = new FirewallLab()
  try {
    const loaded = plan()
    await lab.commit(loaded.plan)
    const writer = lab.gateway(() => new PinWriter())
    const book = new Book(LIMITS)
    const { journal } = Journal.open(join(folder, 'journal'), book, LIMITS)
    const store = new PinStore(book, journal, writer, LIMITS, monotonicMs)
    const wish = (i: number): PinWish => ({
      group: 'default',
      name: nameOf(i),
      type: TYPE.A,
      targets: [],
      classKeys: loaded.judge('default', nameOf(i)).classKeys,
      partial: false,
      addresses: [addressOf(i)],
      pinMs: 3_600_000,
    })
    for (let i = 0; i < BINDINGS; i += 100) store.pin(Array.from({ length: 100 }, (_, j) => wish(i + j)))
    const pins = times(ONE_BY_ONE, (i) => store.pin([wish(BINDINGS + i)]))
    yield {
      work: `one pin in the pinner, of ${grouped(BINDINGS)} (p50, p99): book, journal, pin and held set`,
      measured: `${microseconds(quantile(pins, 0.5))}, ${microseconds(quantile(pins, 0.99))}`,
      compared: `kernel alone ${microseconds(quantile(kernelAlone(lab, loaded), 0.5))}`,
      budget: '50 µs',
      met: quantile(pins, 0.5) <= 50,
    }
    yield answerRow(loaded)
    const policy = new PolicyState({ hold: () => false })
    policy.set(loaded, undefined)
    const [restored, { pins: count }] = await timed(() => restorePins(store, policy))
    yield { work: `${grouped(count)} pins put back into the kernel`, measured: milliseconds(restored), compared: '' }
    const [unchanged] = await timed(() => settle(store, plan(), loaded, monotonicMs()))
    const [removed, { lost }] = await timed(() => settle(store, plan(10), loaded, monotonicMs()))
    yield {
      work: `change of Plan with ${grouped(BINDINGS)} pins: ${grouped(lost.length)} taken`,
      measured: milliseconds(removed),
      compared: `none taken ${milliseconds(unchanged)}`,
      ratio: removed / unchanged,
    }
    const [reading, { state }] = await timed(() => Journal.open(join(folder, 'journal'), new Book(LIMITS), LIMITS))
    yield { work: `journal of ${grouped(state.lines)} lines read`, measured: milliseconds(reading), compared: '' }
    writer.close()
  } finally {
    lab.dispose()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Microseconds of each call. */
function times(count: number, work: (i: number) => void): number[] {
  return Array.from({ length: count }, (_, i) => {
    const began = process.hrtime.bigint()
    work(i)
    return Number(process.hrtime.bigint() - began) / 1000
  })
}

function kernelAlone(lab: FirewallLab, { plan: { classes, groups } }: LoadedPlan): number[] {
  const set = `pin4_${groups[0]!.key}_${classes[0]!.key}`
  return times(ONE_BY_ONE, (i) => {
    lab.pins.refresh([{ set, address: addressOf(2 * BINDINGS + i), timeoutMs: 60_000 }])
  })
}

function answerRow(loaded: LoadedPlan): Row {
  const policy = new PolicyState({ hold: () => false })
  policy.set(loaded, undefined)
  const query = queryMessage(
    1,
    { name: 'www.n1.test', type: TYPE.A },
    { udpSize: 4096, version: 0, dnssecOk: true, options: [] },
  )
  const record = (name: string, type: number) => ({ name, type, class: CLASS_IN, ttl: 60 })
  const reply = responseTo(query, RCODE.NOERROR, {
    answers: [
      { ...record('www.n1.test', TYPE.CNAME), data: { kind: 'name', name: 'edge.cdn.test' } },
      ...[1, 2, 3].map((i) => ({
        ...record('edge.cdn.test', TYPE.A),
        data: { kind: 'address' as const, address: addressOf(i) },
      })),
    ],
  })
  const [queryBytes, replyBytes] = [encodeMessage(query), encodeMessage(reply)]
  const whole = times(20_000, () => {
    const asked = decodeMessage(queryBytes)
    encodeMessage(decideAnswer(asked, 'default', decodeMessage(replyBytes), policy, LIMITS).response)
  })
  const codec = times(20_000, () => {
    encodeMessage(decodeMessage(queryBytes))
    encodeMessage(decodeMessage(replyBytes))
  })
  return {
    work: 'one answer of an alias and three addresses: read, judged, flattened, written (p50, p99)',
    measured: `${microseconds(quantile(whole, 0.5))}, ${microseconds(quantile(whole, 0.99))}`,
    compared: `reading and writing both messages ${microseconds(quantile(codec, 0.5))}`,
    ratio: quantile(whole, 0.5) / quantile(codec, 0.5),
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for await (const { work, measured, compared } of benchPinner()) {
    process.stdout.write(`${work.padEnd(96)} ${measured.padEnd(24)} ${compared}\n`)
  }
}
