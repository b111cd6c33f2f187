import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { after, before, describe, it } from 'mocha'
import { assetsRoot } from '../../../src/base/assets.ts'
import { poolHost } from '../../../src/standalone/lab/internet/addresses.ts'
import { inNamespace } from '../../../src/standalone/lab/namespace.ts'
import { AgentWorker, type HammerCounts } from '../support/agent-worker/index.ts'
import { history, mustCommit } from '../support/commits.ts'
import { CONTENT, useLab } from '../support/lab.ts'
import {
  addressesOf,
  assertNothingLeaked,
  assertReachable,
  DENIED_NAMES,
  DENIED_TARGETS,
  policyOf,
} from '../support/reach.ts'

const COMMITS = 200
const IMPORT_LOOP = fileURLToPath(new URL('../support/import-loop.ts', import.meta.url))

const range = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i))

/** Allowed throughout: own addresses, TTLs of a second, and addresses that come and go with other names, too. */
const ALWAYS = ['api.openai.com', 'a.short.net', 'b.short.net', 'k.many.org', ...range(6, (i) => `h${i}.pool.net`)]
/** With addresses of their own: closed as soon as the name is gone. */
const CHANGING_ALONE = range(48, (i) => `h${100 + i}.pool.net`)
const CHANGING_SHARED = [...range(8, (i) => `c${i}.short.net`), ...range(8, (i) => `c${i}.many.org`)]
const CHANGING = [...CHANGING_ALONE, ...CHANGING_SHARED]
/** The first two lead to addresses that are open for other names. */
const DENIED = ['z.short.net', 'z.many.org', ...DENIED_NAMES]

const POSSIBLE_ADDRESSES = addressesOf(
  ...[CONTENT.openai, CONTENT.short, CONTENT.many],
  ...range(6, poolHost),
  ...range(48, (i) => poolHost(100 + i)),
)

/** Is a changing name in the policy of a commit? Any two commits in a row differ in a good part of them. */
const isIn = (commit: number, name: number) => (Math.imul(commit * 61 + name * 17 + 7, 0x9e3779b1) >>> 28) % 2 === 0

const listed = (commit: number) => CHANGING.filter((_, name) => isIn(commit, name))

describe('two hundred commits while agents hammer', () => {
  const lab = useLab()
  const workers: AgentWorker[] = []
  let loop: ChildProcess
  let replies: Interface

  before(async () => {
    await lab().gateway.write('/config/policy.json', policyOf(...ALWAYS, ...listed(0)))
    await mustCommit(lab())
    workers.push(...([1, 2, 1] as const).map((number) => new AgentWorker(lab().agent(number))))
    const argv = [process.execPath, '--import', 'tsx', IMPORT_LOOP]
    const [program, args] = inNamespace(lab().gateway.namespace, argv)
    const env = { ...process.env, ...lab().gateway.environment }
    loop = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], cwd: assetsRoot(), env })
    replies = createInterface({ input: loop.stdout! })
  })
  after(async () => {
    loop?.stdin?.end()
    for (const worker of workers) await worker[Symbol.asyncDispose]()
  })

  async function importNext(commit: number): Promise<number> {
    await lab().gateway.write('/config/next.json', policyOf(...ALWAYS, ...listed(commit)))
    const reply = once(replies, 'line')
    loop.stdin!.write('/config/next.json\n')
    const { ms, said, failure } = JSON.parse((await reply)[0] as string)
    assert.equal(failure, undefined)
    assert.match(said, /is live and proven/)
    return ms
  }

  it('lets no unlisted answer, no unlisted packet and no refused first connection happen', async function () {
    this.timeout(300_000)
    const [first, second, checker] = workers as [AgentWorker, AgentWorker, AgentWorker]
    await lab().internet.forget()
    const entries = history(lab()).length
    const started = performance.now()
    for (const worker of [first, second])
      await worker.hammer({
        allowed: ALWAYS,
        denied: DENIED,
        changing: CHANGING,
        deniedTargets: DENIED_TARGETS.filter(({ protocol }) => protocol !== 'udp'),
        port: 443,
        lanes: 3,
        pauseMs: 15,
      })
    const took: number[] = []
    let checks = 0
    try {
      for (let commit = 1; commit <= COMMITS; commit++) {
        took.push(await importNext(commit))
        checks += await checkDifference(checker, commit)
      }
    } finally {
      const counts = sum([await first.rest(), await second.rest()])
      took.sort((a, b) => a - b)
      const seconds = Math.round((performance.now() - started) / 1000)
      const summary = {
        commits: took.length,
        seconds,
        medianMs: Math.round(took[took.length >> 1] ?? 0),
        slowestMs: Math.round(took.at(-1) ?? 0),
        checks,
        ...counts,
      }
      console.log(`      ${JSON.stringify(summary)}`)
      const { unlistedAnswers, unlistedConnections, refusedFirst, failedAllowed, hangs, details } = counts
      assert.deepEqual(
        { unlistedAnswers, unlistedConnections, refusedFirst, failedAllowed, hangs },
        { unlistedAnswers: 0, unlistedConnections: 0, refusedFirst: 0, failedAllowed: 0, hangs: 0 },
        details.join('\n'),
      )
      assert.ok(counts.allowedAnswers > COMMITS && counts.deniedAnswers > COMMITS && counts.changingAnswers > COMMITS)
    }
    await assertNothingLeaked(lab(), POSSIBLE_ADDRESSES, DENIED)
    assert.equal(history(lab()).length, Math.min(100, entries + COMMITS))
  })

  /** What the commit removed is closed once it has returned, and what it added is open. @returns how many were tried */
  async function checkDifference(worker: AgentWorker, commit: number): Promise<number> {
    const changed = (from: number, to: number) => CHANGING.filter((_, name) => !isIn(from, name) && isIn(to, name))
    const removed = changed(commit, commit - 1).slice(commit % 8, (commit % 8) + 3)
    const added = changed(commit - 1, commit).slice(commit % 8, (commit % 8) + 3)
    const addresses = removed
      .filter((name) => CHANGING_ALONE.includes(name))
      .flatMap((name) => addressesOf(poolHost(Number(/\d+/.exec(name)![0]))))
    const [answers, connections] = await Promise.all([
      worker.ask(removed),
      worker.connect(addresses.map((address) => ({ address, port: 443 }))),
      assertReachable(worker, added),
    ])
    for (const answer of answers) assert.equal(answer.status, 'NXDOMAIN', JSON.stringify(answer))
    for (const connection of connections) assert.equal(connection.outcome, 'refused', JSON.stringify(connection))
    return removed.length + added.length
  }
})

function sum(all: readonly HammerCounts[]): HammerCounts {
  const [first, ...others] = all as [HammerCounts, ...HammerCounts[]]
  return others.reduce((one, other) => {
    const added = Object.entries(one).map(([key, value]) => {
      const second = other[key as keyof HammerCounts]
      if (typeof value !== 'number' || typeof second !== 'number') return [key, [value, second].flat()]
      return [key, key === 'slowestAnswerMs' ? Math.max(value, second) : value + second]
    })
    return Object.fromEntries(added) as HammerCounts
  }, first)
}
