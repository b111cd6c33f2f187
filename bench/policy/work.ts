import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compilePlan, decide, diffNames, loadPlan, type Plan, writePlan } from '../../src/plan/index.ts'
import { diffPolicies, parsePolicy } from '../../src/policy/index.ts'
import { settingsWith } from '../../test/unit/plan/settings.ts'

/** Milliseconds of each step, microseconds of one decision. */
export interface PolicyTimes {
  readonly names: number
  readonly jsonParse: number
  readonly parse: number
  readonly compile: number
  readonly write: number
  readonly load: number
  readonly diffPlans: number
  readonly diffPolicies: number
  readonly decideHit: number
  readonly decideMiss: number
  /** MiB of the names of a loaded Plan: the file is what lies in memory. */
  readonly memory: number
}

const ROUNDS = 5
const CHANGES = 1_000
const QUESTIONS = 100_000

const nameAt = (i: number): string => `api${(i * 7_919) % 1_000_003}.svc${i % 5_000}.example${i % 300}.com`

function policyText(count: number, changed = 0): Buffer {
  const names: string[] = []
  const step = changed === 0 ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(count / changed))
  for (let i = 0; i < count; i++) names.push(`"${i % step === step - 1 ? `changed${i}.example.com` : nameAt(i)}"`)
  return Buffer.from(`{"version":1,"allow":{"domains":[${names.join(',')}],"ports":[443]}}`)
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!
}

function time(rounds: number, work: () => unknown, clean: () => void = () => {}): number {
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const began = performance.now()
    work()
    times.push(performance.now() - began)
    clean()
  }
  return median(times)
}

/** Microseconds of one decision, over names that are read for the first time. */
function timeDecisions(plan: Plan, name: (i: number) => string): number {
  const rounds: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const names = Array.from({ length: QUESTIONS }, () =>
      Buffer.from(name(Math.floor(Math.random() * 2 ** 30))).toString(),
    )
    const began = performance.now()
    for (const one of names) decide(plan, { name: one, port: 443, protocol: 'tcp' })
    rounds.push(((performance.now() - began) * 1000) / QUESTIONS)
  }
  return median(rounds)
}

function measure(count: number): PolicyTimes {
  const text = policyText(count)
  const settings = settingsWith()
  const dir = mkdtempSync(join(tmpdir(), 'clawgress-bench-'))
  const folder = join(dir, 'plan')
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    const jsonParse = time(ROUNDS, () => JSON.parse(text.toString()))
    const parse = time(ROUNDS, () => parsePolicy(text))
    const { policy } = parsePolicy(text)
    const compile = time(ROUNDS, () => compilePlan(policy, settings))
    const plan = compilePlan(policy, settings)
    const write = time(ROUNDS, () => writePlan(plan, folder), remove)
    writePlan(plan, folder)
    const load = time(ROUNDS, () => loadPlan(folder))
    const next = parsePolicy(policyText(count, Math.min(count, CHANGES))).policy
    const nextPlan = compilePlan(next, settings)
    const diffPlans = time(ROUNDS, () => diffNames(plan, nextPlan, 0))
    const policies = time(ROUNDS, () => diffPolicies(policy, next))
    const loaded = loadPlan(folder)
    const memory = statSync(join(folder, 'names-0.bin')).size / 2 ** 20
    const decideHit = timeDecisions(loaded, (i) => nameAt(i % count))
    const decideMiss = timeDecisions(loaded, (i) => `www.${nameAt(i % count)}`)
    return {
      names: count,
      jsonParse,
      parse,
      compile,
      write,
      load,
      diffPlans,
      diffPolicies: policies,
      decideHit,
      decideMiss,
      memory,
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

process.stdout.write(`${JSON.stringify(measure(Number(process.argv[2])))}\n`)
